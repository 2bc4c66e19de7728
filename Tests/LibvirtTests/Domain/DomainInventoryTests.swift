import Testing

@testable import Libvirt

@Suite struct DomainInventoryTests {
    @Test func aListingShowsEachDomainOnceAndByName() throws {
        let host = try TestHost(
            TestHost.domainXML("web") + TestHost.domainXML("db", extra: "<test:runstate>5</test:runstate>")
                + TestHost.domainXML("temp", extra: "<test:transient/>")
                + TestHost.domainXML("paused", extra: "<test:runstate>3</test:runstate>"))
        try host.connection.domain(named: "web").setAutostart(true)
        let summaries = try host.connection.domainSummaries()
        #expect(summaries.map(\.domain.name) == ["db", "paused", "temp", "web"])
        #expect(summaries.map(\.info.status.state) == [.shutOff, .paused, .running, .running])
        #expect(summaries.map(\.isPersistent) == [true, true, false, true])
        #expect(summaries.map(\.isAutostart) == [false, false, false, true])
        #expect(summaries.allSatisfy { $0.info.maximumMemory == 512 << 20 && $0.info.vcpus == 3 })
        #expect(summaries.allSatisfy { !$0.hasManagedSave && !$0.hasSnapshot && $0.hasCheckpoint != true })
        #expect(summaries.allSatisfy { $0.xml.contains("<name>\($0.domain.name)</name>") })
        #expect(summaries.map { $0.domain.id == nil } == [true, false, false, false])
    }

    private static let filters: [(DomainFilter, [String])] = [
        (.active, ["run", "temp"]), (.inactive, ["off"]), ([.active, .inactive], ["off", "run", "temp"]),
        ([], ["off", "run", "temp"]), (.transient, ["temp"]), ([.active, .persistent], ["run"]), (.autostart, []),
    ]

    @Test(arguments: filters)
    func aFilterSelects(filter: DomainFilter, names: [String]) throws {
        let host = try TestHost(
            TestHost.domainXML("run") + TestHost.domainXML("off", extra: "<test:runstate>5</test:runstate>")
                + TestHost.domainXML("temp", extra: "<test:transient/>"))
        #expect(try host.connection.domains(filter).map(\.name).sorted() == names)
    }

    @Test func anEmptyHostHasAnEmptyListing() throws {
        #expect(try TestHost().connection.domainSummaries().isEmpty)
    }

    @Test(arguments: [
        (DomainState.running, 6, "a migration was cancelled"), (.paused, 5, "disk error"),
        (.shutOff, 4, "migrated to another host"), (.crashed, 1, "the guest panicked"),
    ])
    func reasonsHaveWords(state: DomainState, reason: Int, text: String) {
        #expect(DomainStatus(state: state, reason: reason).reasonText == text)
    }

    @Test(arguments: [DomainState.running, .paused, .shutOff, .crashed, .blocked, .other(99)], [-1, 0, 1000])
    func anUnknownReasonHasNone(state: DomainState, reason: Int) {
        #expect(DomainStatus(state: state, reason: reason).reasonText == nil)
    }
}
