import CLinux
import Glibc
import Synchronization

@testable import DataPlane

/// An NBD server on a thread of the test, which answers whatever it is told to.
final class FakeServer: Sendable {
    let path: String
    private let ended = Latch()
    private let listener: OwnedDescriptor

    /// Serves connections one after the other while the test's body runs. What serves a connection may leave at any
    /// time; then the connection is closed.
    static func with(
        in folder: TestFolder, _ serve: @escaping @Sendable (Peer) throws -> Void, test: (_ path: String) throws -> Void
    ) throws {
        let server = try FakeServer(in: folder, serve)
        defer { server.stop() }
        try test(server.path)
    }

    private init(in folder: TestFolder, _ body: @escaping @Sendable (Peer) throws -> Void) throws {
        path = folder.file("fake.socket")
        let raw = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard raw >= 0 else { throw DiskError.system(errno, "listen", path) }
        listener = OwnedDescriptor(owning: raw)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, listen(raw, 8) == 0 else { throw DiskError.system(errno, "listen", path) }
        let ended = ended
        let failure = DetachedThread.start(name: "fake-server") {
            defer { ended.open() }
            while true {
                let accepted = accept(raw, nil, nil)
                guard accepted >= 0 else { return }
                try? body(Peer(OwnedDescriptor(owning: accepted)))
            }
        }
        guard failure == 0 else { throw DiskError.system(failure, "start a thread for", path) }
    }

    private func stop() {
        shutdown(listener.raw, Int32(SHUT_RDWR))
        ended.wait()
    }
}

/// The server's side of one connection.
final class Peer: Sendable {
    private let descriptor: OwnedDescriptor

    init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }

    struct Gone: Error {}

    func send(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor.raw, $0.baseAddress! + done, bytes.count - done, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Gone() }
            done += count
        }
    }

    func receive(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes.withUnsafeMutableBytes { recv(descriptor.raw, $0.baseAddress! + done, count - done, 0) }
            guard got > 0 else { throw Gone() }
            done += got
        }
        return bytes
    }

    /// Waits until the client leaves.
    func waitForEnd() { while (try? receive(1)) != nil {} }

    func number<Number: FixedWidthInteger & UnsignedInteger>(_: Number.Type) throws -> Number {
        try receive(MemoryLayout<Number>.size).reduce(0) { $0 << 8 | Number($1) }
    }

    /// Greets, then answers options until the export is chosen.
    func handshake(_ server: FakeHandshake = FakeHandshake()) throws {
        try send(bytes(server.greeting, NBDProtocol.optionMagic, server.flags))
        _ = try number(UInt32.self)
        while true {
            guard try number(UInt64.self) == NBDProtocol.optionMagic else { throw Gone() }
            let option = try number(UInt32.self)
            _ = try receive(Int(try number(UInt32.self)))
            func reply(_ type: UInt32, _ data: [UInt8] = [], length: UInt32? = nil) throws {
                try send(
                    bytes(server.replyMagic, server.option ?? option, type, length ?? UInt32(data.count)) + data)
            }
            switch NBDProtocol.Option(rawValue: option) {
            case .structuredReply: try reply(server.isStructured ? 1 : NBDProtocol.OptionReply.unsupported)
            case .setMetaContext:
                if let error = server.contextError { try reply(error); continue }
                for (id, name) in server.contexts { try reply(4, bytes(id) + Array(name.utf8)) }
                try reply(1)
            case .go:
                if let error = server.goError { try reply(error.0, Array(error.1.utf8)); return waitForEnd() }
                for info in server.infos { try reply(3, info, length: server.infoLength) }
                return try reply(server.goType)
            case .abort, nil: throw Gone()
            }
        }
    }

    struct Request {
        var command: UInt16
        var cookie: UInt64
        var offset: UInt64
        var length: UInt32
    }

    func request() throws -> Request {
        guard try number(UInt32.self) == NBDProtocol.requestMagic, try number(UInt16.self) == 0 else { throw Gone() }
        return Request(
            command: try number(UInt16.self), cookie: try number(UInt64.self), offset: try number(UInt64.self),
            length: try number(UInt32.self))
    }

    func chunk(_ type: UInt16, cookie: UInt64, done: Bool = true, length: UInt32? = nil, _ payload: [UInt8] = []) throws
    {
        try send(
            bytes(
                NBDProtocol.structuredReplyMagic, UInt16(done ? 1 : 0), type, cookie, length ?? UInt32(payload.count))
                + payload)
    }
}

/// What a fake server says in the option phase. As it stands, that of an honest one with 1 MiB.
struct FakeHandshake: Sendable {
    var greeting = NBDProtocol.greeting
    var flags: UInt16 = 3
    var replyMagic = NBDProtocol.optionReplyMagic
    var option: UInt32?
    var isStructured = true
    var contexts: [(UInt32, String)] = [(7, NBDClient.allocationContext)]
    var contextError: UInt32?
    var infos: [[UInt8]] = [exportInfo(size: 1 << 20)]
    var infoLength: UInt32?
    var goType: UInt32 = 1
    var goError: (UInt32, String)?

    static func exportInfo(size: UInt64, flags: UInt16 = 0b1_0100_0101) -> [UInt8] { bytes(UInt16(0), size, flags) }
}

/// Numbers in network byte order, one after the other.
func bytes<each Number: FixedWidthInteger>(_ numbers: repeat each Number) -> [UInt8] {
    var result: [UInt8] = []
    repeat result.append(bigEndian: each numbers)
    return result
}
