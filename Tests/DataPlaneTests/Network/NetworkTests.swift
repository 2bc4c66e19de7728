import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import DataPlane

/// A listener that expects one pair, and what it handed on.
final class Door: Sendable {
    let listener: Listener
    let handshake: Handshake
    private let handedOn = Gate<[UInt16: Socket]>([:])

    init(maxPending: Int = 16, helloTimeout: Double = 10, role: Role = .receiver, streams: Int = 2) throws {
        listener = try Listener(address: "127.0.0.1", ports: 0...0, maxPending: maxPending, helloTimeout: helloTimeout)
        handshake = Handshake(
            job: UUID(), key: try JobKey.random(), sender: try Salt.random(), receiver: try Salt.random())
        listener.expect(handshake, as: role, links: LinkNumber.first(streams)) { [self] link, socket in
            handedOn.update { $0[link.raw] = socket }
        }
    }

    func connect() throws -> Socket { try Dialer.connect(to: listener.endpoint, timeout: 5) }
    func close() { listener.close() }

    /// The streams that were handed on so far.
    var delivered: Set<UInt16> { handedOn.update { Set($0.keys) } }
    /// The same, when there are that many; a dialler may hear of it first.
    func delivered(_ count: Int) -> Set<UInt16>? {
        handedOn.wait(until: monotonicNanoseconds() + 10_000_000_000) { $0.count == count ? Set($0.keys) : nil }
    }

    /// Whether the listener ends the connection within that time.
    static func isDropped(_ socket: Socket, within seconds: Double = 5) -> Bool {
        let deadline = monotonicNanoseconds() + UInt64(seconds * 1e9)
        var bytes = [UInt8](repeating: 0, count: 256)
        do {
            try bytes.withUnsafeMutableBytes { bytes in
                guard let p = bytes.baseAddress else { return }
                try socket.receiveAll(p, 1, deadline: deadline)
            }
            return false
        } catch {
            return (error as? NetworkError)?.kind != .timedOut
        }
    }

    static func write(_ bytes: [UInt8], to socket: Socket) throws {
        try bytes.withUnsafeBytes { bytes in
            guard let p = bytes.baseAddress else { return }
            try socket.sendAll(p, bytes.count, deadline: monotonicNanoseconds() + 5_000_000_000)
        }
    }
}

@Suite struct NetworkTests {
    @Test("either end may listen", arguments: [Role.sender, .receiver])
    func roles(listening: Role) async throws {
        try await blocking {
            let door = try Door(role: listening)
            defer { door.close() }
            for stream in [UInt16(1), 0] {
                try door.handshake.dial(try door.connect(), link: LinkNumber(raw: stream), as: listening.peer)
            }
            #expect(door.delivered(2) == [0, 1])
        }
    }

    @Test("works over a UNIX socket, whose file goes with the listener")
    func unixSocket() async throws {
        try await blocking {
            let path = "/tmp/kc-test-\(UUID().uuidString)"
            let listener = try Listener(path: path)
            let handshake = Handshake(
                job: UUID(), key: try JobKey.random(), sender: try Salt.random(), receiver: try Salt.random())
            listener.expect(handshake, as: .receiver, links: [0]) { _, _ in }
            try handshake.dial(try Dialer.connect(to: .unix(path: path)), link: 0, as: .sender)
            listener.close()
            #expect(access(path, F_OK) == -1)
        }
    }

    struct Stranger: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What the stranger sends, made from the true hello of stream 0.
        let bytes: @Sendable ([UInt8], Handshake) throws -> [UInt8]
    }

    static let strangers = [
        Stranger(testDescription: "garbage") { _, _ in [UInt8](repeating: 0x5a, count: 200) },
        Stranger(testDescription: "HTTP") { _, _ in
            Array("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nUser-Agent: a\r\n\r\n".utf8)
        },
        Stranger(testDescription: "a flipped tag") { hello, _ in hello.dropLast() + [hello[79] ^ 1] },
        Stranger(testDescription: "a flipped stream") { hello, _ in
            var bytes = hello
            bytes[8] ^= 1
            return bytes
        },
        Stranger(testDescription: "a stream beyond the last") { _, handshake in
            try handshake.frame(link: 2, role: .sender)
        },
        Stranger(testDescription: "the answer's own frame reflected") { _, handshake in
            try handshake.frame(link: 0, role: .receiver)
        },
        Stranger(testDescription: "another key") { _, h in
            try Handshake(job: h.job, key: JobKey.random(), sender: h.sender, receiver: h.receiver)
                .frame(link: 0, role: .sender)
        },
        Stranger(testDescription: "another job") { _, h in
            try Handshake(job: UUID(), key: h.key, sender: h.sender, receiver: h.receiver)
                .frame(link: 0, role: .sender)
        },
        Stranger(testDescription: "another generation") { _, h in
            try Handshake(job: h.job, key: h.key, epoch: 1, sender: h.sender, receiver: h.receiver)
                .frame(link: 0, role: .sender)
        },
        Stranger(testDescription: "another sender's salt") { _, h in
            try Handshake(job: h.job, key: h.key, sender: Salt.random(), receiver: h.receiver)
                .frame(link: 0, role: .sender)
        },
        Stranger(testDescription: "a salt that agrees in its first bytes") { _, h in
            let near = Salt(h.sender.bytes.dropLast() + [h.sender.bytes[31] ^ 1]) ?? h.sender
            return try Handshake(job: h.job, key: h.key, sender: near, receiver: h.receiver)
                .frame(link: 0, role: .sender)
        },
        Stranger(testDescription: "data before the hello") { _, h in
            var frame = FrameHeaderTests.encoded(FrameHeaderTests.data { $0.job = h.job })
            frame += [UInt8](repeating: 0, count: 16)
            return frame
        },
    ]

    @Test("a stranger is dropped at once and takes nobody's place", arguments: strangers)
    func stranger(_ input: Stranger) async throws {
        try await blocking {
            let door = try Door()
            defer { door.close() }
            let hello = try door.handshake.frame(link: 0, role: .sender)
            let socket = try door.connect()
            try Door.write(input.bytes(hello, door.handshake), to: socket)
            #expect(Door.isDropped(socket))
            #expect(door.delivered.isEmpty)
            try door.handshake.dial(try door.connect(), link: 0, as: .sender)
            #expect(door.delivered(1) == [0])
        }
    }

    @Test("a stream is given once: a replayed hello is dropped")
    func replay() async throws {
        try await blocking {
            let door = try Door()
            defer { door.close() }
            try door.handshake.dial(try door.connect(), link: 0, as: .sender)
            let second = try door.connect()
            try Door.write(door.handshake.frame(link: 0, role: .sender), to: second)
            #expect(Door.isDropped(second))
            #expect(door.delivered(1) == [0])
        }
    }

    @Test("who is silent or sends byte by byte is dropped when the time is over")
    func slow() async throws {
        try await blocking {
            let door = try Door(helloTimeout: 0.4)
            defer { door.close() }
            let (silent, slow) = (try door.connect(), try door.connect())
            let hello = try door.handshake.frame(link: 0, role: .sender)
            for byte in hello.prefix(20) {
                // Once the listener has closed, writing may fail: that is the wanted end.
                try? Door.write([byte], to: slow)
                sleepNanoseconds(50_000_000)
            }
            #expect(Door.isDropped(silent) && Door.isDropped(slow))
            #expect(door.delivered.isEmpty)
        }
    }

    @Test("strangers beyond the limit displace the oldest, never a peer that proves itself")
    func crowd() async throws {
        try await blocking {
            let door = try Door(maxPending: 3)
            defer { door.close() }
            let crowd = try (0..<10).map { _ in try door.connect() }
            try door.handshake.dial(try door.connect(), link: 1, as: .sender)
            #expect(door.delivered(1) == [1])
            #expect(Door.isDropped(crowd[0]))
        }
    }

    @Test("a dialler refuses whoever answers without the key")
    func falseListener() async throws {
        try await blocking {
            let h = Handshake(
                job: UUID(), key: try JobKey.random(), sender: try Salt.random(), receiver: try Salt.random())
            let (a, b) = try Socket.pair()
            // The reflected hello is the best that somebody without the key can send.
            try Door.write(h.frame(link: 0, role: .sender), to: b)
            let error = #expect(throws: NetworkError.self) { try h.dial(a, link: 0, as: .sender, timeout: 5) }
            #expect(error?.kind == .refused)
        }
    }

    @Test("a dialler waits no longer than told")
    func silentListener() async throws {
        try await blocking {
            let h = Handshake(
                job: UUID(), key: try JobKey.random(), sender: try Salt.random(), receiver: try Salt.random())
            let (a, b) = try Socket.pair()
            let error = #expect(throws: NetworkError.self) { try h.dial(a, link: 0, as: .sender, timeout: 0.1) }
            #expect(error?.kind == .timedOut)
            b.shutDown()
        }
    }

    @Test(
        "only numeric addresses and short paths are taken",
        arguments: [
            Endpoint.tcp(address: "localhost", port: 1), .tcp(address: "", port: 1), .tcp(address: "1.2.3", port: 1),
            .unix(path: ""), .unix(path: String(repeating: "a", count: 108)), .unix(path: "/a\0b"),
        ])
    func badAddress(endpoint: Endpoint) {
        let error = #expect(throws: NetworkError.self) { try Dialer.connect(to: endpoint) }
        #expect(error?.kind == .badAddress)
    }

    @Test("IPv6 works, and a closed port is told from a range that is full")
    func ports() async throws {
        try await blocking {
            // Ports that the kernel gives to nobody else.
            let v6 = try Listener(address: "::1", ports: 23100...23199)
            _ = try Dialer.connect(to: v6.endpoint)
            guard case .tcp(_, let port) = v6.endpoint else { return }
            let full = #expect(throws: NetworkError.self) { try Listener(address: "::1", ports: port...port) }
            #expect(full?.kind == .noFreePort)
            v6.close()
            v6.close()
            // A process that another test starts has the listening socket too, until it becomes another program.
            var refusal: NetworkError?
            for _ in 0..<500 where refusal == nil {
                do throws(NetworkError) { _ = try Dialer.connect(to: v6.endpoint) } catch { refusal = error }
                usleep(10_000)
            }
            #expect(refusal?.kind == .system(ECONNREFUSED))
        }
    }
}
