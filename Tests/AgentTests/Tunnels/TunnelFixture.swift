import AgentProtocol
import Executors
import Foundation
import Model
import Simulation

@testable import DataPlane

/// Two agents with a tunnel between them, each with a home for QEMU's sockets of its own.
final class TunnelFixture: Sendable {
    let folder: TemporaryFolder
    let source: InProcessAgent
    let target: InProcessAgent
    let operation = "\(OperationID())"
    let job = HexBytes([UInt8](repeating: 1, count: 16))
    let homes: (source: String, target: String)

    init() throws {
        folder = try TemporaryFolder()
        homes = (try folder.folder("a"), try folder.folder("b"))
        let state = try folder.folder("state")
        source = try InProcessAgent(host: "source", stateFolder: state, socketHome: homes.source)
        target = try InProcessAgent(host: "target", stateFolder: state, socketHome: homes.target)
    }

    func request(
        _ side: OpenTunnel.Side,
        doors: [OpenTunnel.Door] = [.init(name: "ram", links: 1), .init(name: "disks", links: 2)]
    ) -> OpenTunnel {
        OpenTunnel(
            job: job, secret: JobSecret(HexBytes([UInt8](repeating: 7, count: 32))), operation: operation, side: side,
            doors: doors)
    }

    /// Opens both ends, and puts a QEMU behind each of the target's doors.
    func open() async throws -> (source: OpenTunnel.Response, target: OpenTunnel.Response, servers: [DoorListener]) {
        let near = try await source.call(request(.source))
        let far = try await target.call(request(.target))
        let servers = try far.paths.map { try DoorListener(path: $0, owner: getuid(), group: getgid()) }
        return (near, far, servers)
    }

    /// Joins them as the coordinator does: the target listens, the source dials.
    func join(_ near: OpenTunnel.Response, _ far: OpenTunnel.Response) async throws {
        let links: [UInt16] = [0, 1, 2]
        let port = try await target.call(
            Listen(
                job: job, joint: Joint(.child, links: links), peer: "source", peerSalt: near.salt, ports: 42000...42999)
        ).port
        _ = try await source.call(
            Dial(
                job: job, joint: Joint(.parent, links: links), peer: "target", peerSalt: far.salt, address: "127.0.0.1",
                port: port, timeout: 4))
        _ = try await target.call(
            AwaitPeer(job: job, joint: Joint(.child, links: links), peer: "source", timeout: 4))
    }

    /// Joins them through this process, as the coordinator does where they can't reach each other.
    func joinLocally(_ near: OpenTunnel.Response, _ far: OpenTunnel.Response) async throws {
        let links: [UInt16] = [0, 1, 2]
        let (parent, child) = (Joint(.parent, links: links), Joint(.child, links: links))
        let here = try await source.call(ListenLocally(job: job, joint: parent, peer: "target", peerSalt: far.salt))
        let there = try await target.call(ListenLocally(job: job, joint: child, peer: "source", peerSalt: near.salt))
        for _ in links {
            let a = try Dialer.connect(to: .unix(path: here.path))
            let b = try Dialer.connect(to: .unix(path: there.path))
            for (from, to) in [(a, b), (b, a)] {
                try OSThread.start(name: "test-pipe") {
                    while let bytes = try? from.readSome(), !bytes.isEmpty, (try? to.write(bytes)) != nil {}
                    to.shutDownWriting()
                }
            }
        }
        _ = try await source.call(AwaitPeer(job: job, joint: parent, peer: "target", timeout: 30))
        _ = try await target.call(AwaitPeer(job: job, joint: child, peer: "source", timeout: 30))
    }

    /// Names in the homes of both.
    func leftovers() throws -> [String] {
        try [homes.source, homes.target].flatMap { try FileManager.default.contentsOfDirectory(atPath: $0) }
    }

    func end() async throws {
        for agent in [source, target] {
            agent.kill()
            while agent.isServing { try await Task.sleep(for: .milliseconds(5)) }
        }
    }
}

extension Socket {
    /// What comes next; empty at the end. Blocks.
    func readSome() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = try bytes.withUnsafeMutableBytes { p throws(NetworkError) -> Int? in
                guard let base = p.baseAddress else { return 0 }
                return try receive(base, p.count)
            }
            if let count { return Array(bytes[..<count]) }
            _ = try wait(POLLIN, milliseconds: 1000)
        }
    }

    /// All that comes until the end. Blocks.
    func readAll() throws -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let bytes = try readSome()
            if bytes.isEmpty { return all }
            all += bytes
        }
    }

    /// Blocks until all of it was taken.
    func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { p in
            guard let base = p.baseAddress else { return }
            try sendAll(base, p.count, deadline: monotonicNanoseconds() + 50_000_000_000)
        }
    }
}

/// Runs blocking work on a thread of its own.
func blocking<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        do {
            try OSThread.start(name: "test") { continuation.resume(with: Result { try body() }) }
        } catch {
            continuation.resume(throwing: error)
        }
    }
}
