import Testing

@testable import Libvirt

@Suite(.timeLimit(.minutes(5))) struct DomainEventTests {
    @Test func aLifeIsReportedInOrder() async throws {
        let connection = try TestHost().connection
        let events = try connection.domainEvents()
        let domain = try connection.defineDomain(xml: TestHost.domainXML("web"))
        try domain.start()
        try domain.suspend()
        try domain.resume()
        try domain.destroy()
        try domain.undefine()
        var kinds: [DomainEvent.Kind] = []
        for await event in events {
            #expect(event.name == "web")
            #expect(event.uuid == domain.uuid)
            kinds.append(event.kind)
            if event.kind == .undefined { break }
        }
        #expect(kinds == [.defined, .started, .suspended, .resumed, .stopped, .undefined])
    }

    @Test func eachStreamSeesAllEvents() async throws {
        let connection = try TestHost().connection
        let streams = try (0..<3).map { _ in try connection.domainEvents() }
        _ = try connection.defineDomain(xml: TestHost.domainXML("web"))
        for stream in streams {
            var iterator = stream.makeAsyncIterator()
            #expect(await iterator.next()?.kind == .defined)
        }
    }

    @Test func aStreamEndsWithItsConnection() async throws {
        let connection = try TestHost().connection
        let events = try connection.domainEvents()
        connection.close()
        for await event in events { Issue.record("\(event)") }
        #expect(throws: LibvirtError.self) { try connection.domainEvents() }
    }

    @Test func aReaderThatFallsBehindSeesTheEndAndNoGap() async throws {
        let connection = try TestHost().connection
        let slow = try connection.domainEvents(limit: 2)
        let quick = try connection.domainEvents()
        for index in 0..<5 { _ = try connection.defineDomain(xml: TestHost.domainXML("vm\(index)")) }
        var names: [String] = []
        for await event in quick {
            names.append(event.name)
            if names.count == 5 { break }
        }
        // Both registrations are served in one go, so the slow stream has overflowed by now or does at the next event.
        _ = try connection.defineDomain(xml: TestHost.domainXML("last"))
        var seen: [String] = []
        for await event in slow { seen.append(event.name) }
        #expect(seen == ["vm0", "vm1"])
    }

    @Test func aDroppedStreamIsDeregistered() async throws {
        let connection = try TestHost().connection
        let handle = try connection.handle("test")
        do {
            let events = try connection.domainEvents()
            _ = try connection.defineDomain(xml: TestHost.domainXML("web"))
            for await _ in events { break }
            #expect(handle.events.isRegistered)
        }
        while handle.events.isRegistered { await Task.yield() }
        _ = try connection.defineDomain(xml: TestHost.domainXML("db"))
        var iterator = try connection.domainEvents().makeAsyncIterator()
        try connection.domain(named: "db").start()
        #expect(await iterator.next()?.kind == .started)
    }

    @Test(arguments: [
        (Int32(0), DomainEvent.Kind.defined), (1, .undefined), (2, .started), (3, .suspended), (4, .resumed),
        (5, .stopped), (6, .shutdown), (7, .pmSuspended), (8, .crashed), (99, .other(99)), (-1, .other(-1)),
    ])
    func numbersBecomeKinds(number: Int32, kind: DomainEvent.Kind) {
        #expect(DomainEvent.Kind(number: number) == kind)
    }
}
