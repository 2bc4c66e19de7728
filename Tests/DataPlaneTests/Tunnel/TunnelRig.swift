import FoundationEssentials
import Glibc
import Synchronization

@testable import DataPlane

/// Both ends of a tunnel in one process, with sockets for QEMU at each. Everything on it blocks.
final class TunnelRig: Sendable {
    let source: Tunnel
    let target: Tunnel
    private let folder: Mutex<TestFolder>
    private let paths: [(source: String, target: String)]
    /// Where QEMU listens at the target; a door that isn't here has nobody.
    private let servers: [DoorListener]

    /// - Parameters:
    ///   - doors: how many links each has.
    ///   - wire: makes the two ends of a link; the source's is the first.
    init(
        doors: [Int], options: TunnelOptions = TunnelOptions(), hasServers: Bool = true,
        wire: () throws -> (Socket, Socket) = { try Socket.pair() }
    ) throws {
        let folder = try TestFolder()
        let paths = doors.indices.map { (source: folder.file("s\($0)"), target: folder.file("t\($0)")) }
        let (id, key) = (UUID(), try JobKey.random())
        func end(_ role: Role) throws -> Tunnel {
            let all = zip(doors, paths).enumerated().map { number, pair in
                TunnelDoor(
                    name: "door\(number)", path: role == .sender ? pair.1.source : pair.1.target, links: pair.0)
            }
            return try Tunnel(id: id, key: key, role: role, doors: all, options: options)
        }
        self.paths = paths
        source = try end(.sender)
        target = try end(.receiver)
        servers =
            hasServers
            ? try paths.map { try DoorListener(path: $0.target, owner: getuid(), group: getgid()) } : []
        self.folder = Mutex(folder)
        try source.listen(owner: getuid(), group: getgid())
        for stream in 0..<UInt16(doors.reduce(0, +)) {
            let (near, far) = try wire()
            try source.attach(LinkNumber(raw: stream), near, peer: target.salt)
            try target.attach(LinkNumber(raw: stream), far, peer: source.salt)
        }
    }

    /// Connects to a door as QEMU does at the source.
    func dial(_ door: Int) throws -> Socket { try Dialer.connect(to: .unix(path: paths[door].source)) }

    /// The next connection at the target.
    func accept(_ door: Int) throws -> Socket {
        guard let socket = try servers[door].accept() else { throw NetworkError(.closed, "accept") }
        return socket
    }

    func close() {
        source.close()
        target.close()
    }

    /// Names of the sockets that are there.
    func names() throws -> [String] { try folder.withLock { try $0.names() } }
}

extension Socket {
    private static var deadline: UInt64 { monotonicNanoseconds() + 50_000_000_000 }

    func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { p in
            guard let base = p.baseAddress else { return }
            try sendAll(base, p.count, deadline: Self.deadline)
        }
    }

    /// All that comes until the end.
    func readAll() throws -> [UInt8] {
        var (all, chunk) = ([UInt8](), [UInt8](repeating: 0, count: 100_000))
        while true {
            let count = try chunk.withUnsafeMutableBytes { p throws(NetworkError) -> Int? in
                guard let base = p.baseAddress else { return 0 }
                return try receive(base, p.count)
            }
            if count == 0 { return all }
            if let count { all += chunk[..<count] } else { _ = try wait(POLLIN, milliseconds: 1000) }
        }
    }

    func read(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { p in
            guard let base = p.baseAddress else { return }
            try receiveAll(base, count, deadline: Self.deadline)
        }
        return bytes
    }
}

/// Random bytes, the same for the same seed.
func noise(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = Seeded(seed)
    var bytes = [UInt8](repeating: 0, count: count)
    bytes.withUnsafeMutableBytes { p in
        for place in stride(from: 0, to: count - 7, by: 8) {
            p.storeBytes(of: random.next(), toByteOffset: place, as: UInt64.self)
        }
        for place in (count & ~7)..<count { p[place] = UInt8(truncatingIfNeeded: random.next()) }
    }
    return bytes
}
