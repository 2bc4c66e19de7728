import AgentProtocol
import Foundation
import Model
import Simulation
import Testing

@testable import DataPlane

/// Tunnels between two agents, as the coordinator uses them.
@Suite(.timeLimit(.minutes(5))) struct TunnelJobTests {
    /// Sends through a door and back, and ends the connection in both directions.
    private static func talk(_ path: String, _ server: DoorListener, _ bytes: [UInt8]) async throws {
        let near = try Dialer.connect(to: .unix(path: path))
        async let sent: Void = blocking {
            try near.write(bytes)
            near.shutDownWriting()
        }
        let received = try await blocking { () -> [UInt8] in
            guard let far = try server.accept() else { return [] }
            let received = try far.readAll()
            try far.write(Array(received.prefix(5)))
            far.shutDownWriting()
            return received
        }
        try await sent
        let answer = try await blocking { try near.readAll() }
        #expect(received == bytes && answer == Array(bytes.prefix(5)))
    }

    private static let bytes = (0..<(2 << 20 + 9)).map { UInt8(truncatingIfNeeded: $0 &* 31 / 7) }

    @Test("bytes pass between two agents, joined over TCP or through the coordinator", arguments: [false, true])
    func carries(_ isLocal: Bool) async throws {
        let fixture = try TunnelFixture()
        let (near, far, servers) = try await fixture.open()
        if isLocal { try await fixture.joinLocally(near, far) } else { try await fixture.join(near, far) }
        async let atSource = fixture.source.call(RunTunnel(job: fixture.job))
        async let atTarget = fixture.target.call(RunTunnel(job: fixture.job))
        for door in [0, 1, 1] { try await Self.talk(near.paths[door], servers[door], Self.bytes) }
        let (sent, received) = (try await atSource, try await atTarget)
        #expect(sent == received && sent.failure == nil && sent.doors.map(\.connections) == [1, 2])
        #expect(sent.doors.map(\.toTarget.plain) == [1, 2].map { UInt64($0 * Self.bytes.count) })
        #expect(sent.doors.map(\.toSource.plain) == [5, 10])
        #expect(try await fixture.source.call(TunnelCounters(job: fixture.job)) == sent)
        for agent in [fixture.source, fixture.target] { _ = try await agent.call(Close(job: fixture.job)) }
        #expect(try fixture.leftovers().isEmpty)
        try await fixture.end()
    }

    @Test("sockets are for QEMU's user alone, and wait before anything is joined; closing answers who waits")
    func closes() async throws {
        let fixture = try TunnelFixture()
        let (near, far, servers) = try await fixture.open()
        #expect(near.paths.map { URL(fileURLWithPath: $0).lastPathComponent } == ["ram", "disks"])
        let folder = URL(fileURLWithPath: near.paths[0]).deletingLastPathComponent()
        #expect(folder.lastPathComponent == "kvm-clone-\(fixture.operation)")
        for (path, mode) in [(folder.path, 0o700), (near.paths[0], 0o600)] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == mode)
        }
        let socket = try Dialer.connect(to: .unix(path: near.paths[0]))
        try await fixture.join(near, far)
        async let run = fixture.source.call(RunTunnel(job: fixture.job))
        while try await fixture.target.call(TunnelCounters(job: fixture.job)).doors[0].connections == 0 {
            try await Task.sleep(for: .milliseconds(5))
        }
        let close = CloseTunnel(job: fixture.job, operation: fixture.operation)
        for agent in [fixture.source, fixture.source, fixture.target] { _ = try await agent.call(close) }
        do {
            #expect(try await run.doors[0].connections == 1)
        } catch let error as KVMCloneError {
            // On a busy machine the request may come after the end.
            #expect(error.code == .operationNotFound)
        }
        let rest = try await blocking { try socket.readAll() }
        #expect(rest.isEmpty)
        for server in servers { server.shutDown() }
        #expect(try fixture.leftovers().isEmpty)
        try await fixture.end()
    }

    @Test("when an agent dies the other one says so; what is left goes without the job")
    func dies() async throws {
        let fixture = try TunnelFixture()
        let (near, far, servers) = try await fixture.open()
        try await fixture.join(near, far)
        let socket = try Dialer.connect(to: .unix(path: near.paths[0]))
        let qemu = try await blocking { try servers[0].accept() }
        fixture.source.kill()
        let error = await failure(of: RunTunnel(job: fixture.job), by: fixture.target)
        #expect(error?.code == .connection && error?.message.contains("tunnel '") == true)
        #expect(try await fixture.target.call(TunnelCounters(job: fixture.job)).failure != nil)
        let rests = try await blocking { [try socket.readAll(), try qemu?.readAll()] }
        #expect(rests == [[], []])
        // As if the agent had been killed before it could remove anything.
        let left = fixture.homes.target + "/kvm-clone-OTHER"
        try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
        _ = try DoorListener(path: left + "/disks", owner: getuid(), group: getgid())
        for _ in 0..<2 {
            _ = try await fixture.target.call(
                CloseTunnel(job: HexBytes([UInt8](repeating: 2, count: 16)), operation: "OTHER"))
        }
        #expect(!FileManager.default.fileExists(atPath: left))
        try await fixture.end()
        #expect(try fixture.leftovers().isEmpty)
    }

    @Test("the rate is the source's; what isn't known is refused")
    func refuses() async throws {
        let fixture = try TunnelFixture()
        var evil = fixture.request(.source)
        evil.operation = "../x"
        #expect(await failure(of: evil, by: fixture.source)?.code == .validation)
        let bad: [[OpenTunnel.Door]] = [
            [], [.init(name: "nbd", links: 1)], [.init(name: "../ram", links: 1)], [.init(name: "ram", links: 0)],
            [.init(name: "ram", links: 1), .init(name: "ram", links: 1)],
            [.init(name: "ram", links: 1), .init(name: "disks", links: 64)], [.init(name: "ram", links: .max)],
        ]
        for doors in bad {
            let request = fixture.request(.source, doors: doors)
            #expect(await failure(of: request, by: fixture.source)?.code == .validation)
        }
        #expect(try fixture.leftovers().isEmpty)
        _ = try await fixture.open()
        let rate = SetRate(job: fixture.job, child: nil, rate: 1 << 20)
        _ = try await fixture.source.call(rate)
        #expect(await failure(of: rate, by: fixture.target)?.code == .validation)
        #expect(await failure(of: Receive(job: fixture.job), by: fixture.target)?.code == .validation)
        try await fixture.end()
        #expect(try fixture.leftovers().isEmpty)
    }
}
