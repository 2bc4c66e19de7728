import Glibc

/// Connects to numeric addresses and UNIX sockets. Blocking.
public enum Dialer {
    /// A connection to `endpoint`, or an error after `timeout` seconds.
    public static func connect(to endpoint: Endpoint, timeout: Double = 10) throws(NetworkError) -> Socket {
        let address = try SocketAddress(endpoint)
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let fd = socket(address.family, type, 0)
        guard fd >= 0 else { throw NetworkError("make a socket", errno) }
        let result = Socket(taking: fd)
        let operation = "connect to \(endpoint)"
        if address.withPointer({ Glibc.connect(fd, $0, $1) }) == 0 { return result }
        guard errno == EINPROGRESS || errno == EINTR else { throw NetworkError(operation, errno) }
        let deadline = monotonicNanoseconds() + UInt64(max(0, timeout) * 1e9)
        while try !result.wait(POLLOUT, milliseconds: 100) {
            guard monotonicNanoseconds() < deadline else { throw NetworkError(.timedOut, operation) }
        }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else { throw NetworkError(operation, errno) }
        guard code == 0 else { throw NetworkError(operation, code) }
        return result
    }
}
