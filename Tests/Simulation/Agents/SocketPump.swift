import Executors
import Glibc
import Model

/// Joins a descriptor to a UNIX socket, as a `pipe` command on the host does.
enum SocketPump {
    /// Takes the descriptor and closes it in every case.
    static func start(_ descriptor: Int32, to path: String) throws {
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isConnected else {
            let cause = String(cString: strerror(errno))
            close(socket)
            close(descriptor)
            throw KVMCloneError(.connection, "\(path) can't be reached", cause: cause)
        }
        let ends = Ends(first: descriptor, second: socket)
        try OSThread.start(name: "sim-pump") { ends.move(from: ends.first, to: ends.second) }
        try OSThread.start(name: "sim-pump") { ends.move(from: ends.second, to: ends.first) }
    }

    /// Both descriptors, closed when both directions have ended.
    private final class Ends: Sendable {
        let first: Int32
        let second: Int32

        init(first: Int32, second: Int32) {
            self.first = first
            self.second = second
        }

        deinit {
            close(first)
            close(second)
        }

        func move(from source: Int32, to target: Int32) {
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = recv(source, &buffer, buffer.count, 0)
                if count < 0, errno == EINTR { continue }
                guard count > 0, write(buffer[..<count], to: target) else { break }
            }
            shutdown(target, Int32(SHUT_WR))
        }

        private func write(_ bytes: ArraySlice<UInt8>, to target: Int32) -> Bool {
            var rest = bytes
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard count > 0 || errno == EINTR else { return false }
                rest = rest.dropFirst(max(0, count))
            }
            return true
        }
    }
}
