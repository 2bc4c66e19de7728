import Foundation
import Synchronization
import Testing

@testable import Libvirt

/// Carries the bytes between a UNIX socket of its own, for one client, and another one, until it is cut.
final class SocketRelay: Sendable {
    let path: String
    private let ends = Mutex<[Int32]>([])

    init(at path: String, to target: String) throws {
        self.path = path
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try #require(Self.with(path) { bind(listener, $0, $1) } == 0 && listen(listener, 1) == 0)
        HelperThread.run(name: "relay") {
            let client = accept(listener, nil, nil)
            close(listener)
            let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            guard Self.with(target, { connect(server, $0, $1) }) == 0 else { return }
            self.ends.withLock { $0 = [client, server] }
            HelperThread.run(name: "relay-up") { Self.pump(from: client, to: server) }
            Self.pump(from: server, to: client)
        }
    }

    deinit {
        for end in ends.withLock({ $0 }) { close(end) }
    }

    func cut() {
        for end in ends.withLock({ $0 }) { shutdown(end, Int32(SHUT_RDWR)) }
    }

    private static func pump(from source: Int32, to sink: Int32) {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(source, &buffer, buffer.count)
            guard count > 0, send(sink, buffer, count, Int32(MSG_NOSIGNAL)) == count else { return }
        }
    }

    private static func with(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
