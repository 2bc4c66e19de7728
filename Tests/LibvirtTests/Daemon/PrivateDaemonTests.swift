import CLibvirt
import Foundation
import Synchronization
import Testing

@testable import Libvirt

@Suite(.serialized, .timeLimit(.minutes(3))) struct PrivateDaemonTests {
    @Test func whatOneConnectionDefinesAnotherLists() async throws {
        try await PrivateDaemon.with { daemon in
            try await onThread {
                let uri = daemon.uri
                do {
                    let first = try LibvirtConnection(uri: uri)
                    _ = try first.defineDomain(xml: TestHost.domainXML("web"))
                    first.close()
                }
                let second = try LibvirtConnection(uri: uri)
                #expect(try second.domains().map(\.name) == ["web"])
                let pool = try second.storagePool(named: "default")
                #expect(try pool.isActive())
                #expect(try pool.xml().contains("<path>\(daemon.folder.path())/host1/pool</path>"))
                #expect(try second.storagePools().count == 1)
                #expect(try second.daemonVersion() == LibvirtConnection.libraryVersion())
                #expect(try !second.isEncrypted())
                second.close()
            }
        }
    }

    @Test func eventsCrossConnections() async throws {
        try await PrivateDaemon.with { daemon in
            let watcher = try await onThread { try LibvirtConnection(uri: daemon.uri) }
            let events = try await onThread { try watcher.domainEvents() }
            try await onThread {
                let other = try LibvirtConnection(uri: daemon.uri)
                let domain = try other.defineDomain(xml: TestHost.domainXML("web"))
                try domain.start()
                other.close()
            }
            var kinds: [DomainEvent.Kind] = []
            for await event in events {
                kinds.append(event.kind)
                if kinds.count == 2 { break }
            }
            #expect(kinds == [.defined, .started])
            try await onThread { watcher.close() }
        }
    }

    @Test func aCallThatTakesLongHoldsUpNoOther() async throws {
        try await PrivateDaemon.with { daemon in
            let connection = try await onThread { try LibvirtConnection(uri: daemon.uri) }
            let fifo = daemon.folder.appending(path: "host1/fifo").path()
            try #require(mkfifo(fifo, 0o666) == 0)
            chmod(fifo, 0o666)
            let domain = try await onThread {
                let domain = try connection.defineDomain(xml: TestHost.domainXML("web"))
                try domain.start()
                return domain
            }
            let progress = Progress()
            // The daemon opens the file for writing, which waits for a reader.
            async let dump: Int32 = onThread {
                progress.set("began")
                defer { progress.set("ended") }
                return try domain.handle.number("virDomainCoreDump") { virDomainCoreDump($0, fifo, 0) }
            }
            while progress.last != "began" { await Task.yield() }
            for _ in 0..<50 { #expect(try await onThread { try !connection.hostname().isEmpty }) }
            #expect(progress.last == "began")
            try await onThread {
                let reader = open(fifo, O_RDONLY)
                defer { close(reader) }
                var bytes = [UInt8](repeating: 0, count: 4096)
                while read(reader, &bytes, bytes.count) > 0 {}
            }
            #expect(try await dump == 0)
            try await onThread { connection.close() }
        }
    }

    @Test func aKilledDaemonFailsTheCallsAndIsNoticed() async throws {
        try await PrivateDaemon.with { daemon in
            let (reasons, continuation) = AsyncStream.makeStream(of: CloseReason.self)
            let connection = try await onThread {
                try LibvirtConnection(uri: daemon.uri) { reason in
                    continuation.yield(reason)
                    continuation.finish()
                }
            }
            let events = try await onThread { try connection.domainEvents() }
            #expect(connection.isAlive)
            daemon.signal(SIGKILL)
            var seen: [CloseReason] = []
            for await reason in reasons { seen.append(reason) }
            #expect(seen.count == 1)
            #expect([.endOfFile, .error].contains(seen.first), "\(seen)")
            #expect(!connection.isAlive)
            for await event in events { Issue.record("\(event)") }
            await #expect(throws: LibvirtError.self) { try await onThread { try connection.domains() } }
            try await onThread { connection.close() }
        }
    }

    @Test func aDaemonThatHangsIsGivenUpByTheKeepAlive() async throws {
        try await PrivateDaemon.with { daemon in
            let (reasons, continuation) = AsyncStream.makeStream(of: CloseReason.self)
            let connection = try await onThread {
                try LibvirtConnection(uri: daemon.uri, keepAlive: .init(interval: 1, count: 1)) { reason in
                    continuation.yield(reason)
                    continuation.finish()
                }
            }
            daemon.signal(SIGSTOP)
            async let call = Result.of { try await onThread { try connection.hostname() } }
            let failure = await call.failure
            #expect(failure is LibvirtError, "\(String(describing: failure))")
            #expect(!connection.isAlive)
            var seen: [CloseReason] = []
            for await reason in reasons { seen.append(reason) }
            #expect(seen == [.keepAlive])
            try await onThread { connection.close() }
            daemon.signal(SIGCONT)
        }
    }

    @Test func whoOwnsTheSocketEndsAllCallsByCuttingIt() async throws {
        try await PrivateDaemon.with { daemon in
            let relay = try SocketRelay(
                at: daemon.folder.appending(path: "host1/relay").path(),
                to: daemon.folder.appending(path: "host1/state/run/libvirt-sock").path())
            let connection = try await onThread {
                try LibvirtConnection(uri: "test+unix:///default?socket=\(relay.path)")
            }
            #expect(try await onThread { try connection.storagePools().count } == 1)
            daemon.signal(SIGSTOP)
            let calls = (0..<3).map { _ in
                Task { await Result.of { try await onThread { try connection.domains().count } } }
            }
            // Answers although other calls wait.
            #expect(connection.isAlive)
            relay.cut()
            for call in calls {
                let failure = await call.value.failure
                #expect(failure is LibvirtError, "\(String(describing: failure))")
            }
            #expect(!connection.isAlive)
            try await onThread { connection.close() }
            daemon.signal(SIGCONT)
        }
    }
}

/// How far a call on another thread is.
private final class Progress: Sendable {
    private let state = Mutex("")

    var last: String { state.withLock { $0 } }

    func set(_ step: String) { state.withLock { $0 = step } }
}

extension Result where Failure == any Error {
    static func of(_ body: () async throws -> Success) async -> Self {
        do { return .success(try await body()) } catch { return .failure(error) }
    }

    var failure: (any Error)? {
        if case .failure(let error) = self { error } else { nil }
    }
}
