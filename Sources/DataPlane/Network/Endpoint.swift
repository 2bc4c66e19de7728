import Glibc

/// Where to listen or to dial.
public enum Endpoint: Sendable, Hashable {
    /// A numeric IPv4 or IPv6 address (without a scope) and a port.
    case tcp(address: String, port: UInt16)
    /// A UNIX socket's path.
    case unix(path: String)
}

extension Endpoint: CustomStringConvertible {
    /// As people write it: `10.0.0.1:49152`, `[::1]:49152`, or the path.
    public var description: String {
        switch self {
        case .tcp(let address, let port): address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
        case .unix(let path): path
        }
    }
}

/// A socket address in the kernel's form.
struct SocketAddress: Sendable {
    let family: Int32
    private var storage: sockaddr_storage
    private let length: socklen_t

    init(_ endpoint: Endpoint) throws(NetworkError) {
        var storage = sockaddr_storage()
        let bad = NetworkError(.badAddress, "use \(endpoint)")
        switch endpoint {
        case .tcp(let text, let port):
            var v4 = sockaddr_in()
            var v6 = sockaddr_in6()
            if inet_pton(AF_INET, text, &v4.sin_addr) == 1 {
                v4.sin_family = sa_family_t(AF_INET)
                v4.sin_port = port.bigEndian
                withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: v4, as: sockaddr_in.self) }
                family = AF_INET
                length = socklen_t(MemoryLayout<sockaddr_in>.size)
            } else if inet_pton(AF_INET6, text, &v6.sin6_addr) == 1 {
                v6.sin6_family = sa_family_t(AF_INET6)
                v6.sin6_port = port.bigEndian
                withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: v6, as: sockaddr_in6.self) }
                family = AF_INET6
                length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            } else {
                throw bad
            }
        case .unix(let path):
            var address = sockaddr_un()
            let bytes = Array(path.utf8)
            guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
                throw bad
            }
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_un.self) }
            family = AF_UNIX
            length = socklen_t(MemoryLayout<sockaddr_un>.size)
        }
        self.storage = storage
    }

    /// Calls `body` with the address as bind(2) and connect(2) take it.
    func withPointer<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        withUnsafePointer(to: storage) { p in
            p.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}
