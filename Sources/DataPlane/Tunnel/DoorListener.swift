import CLinux
import Glibc

/// Listens on a UNIX socket that one user may connect to, for QEMU. The descriptor is closed with the last reference.
final class DoorListener: Sendable {
    private let path: String
    private let descriptor: Int32

    /// Makes the socket, which must not exist, and gives it to `owner`. Needs root unless that is this user.
    init(path: String, owner: uid_t, group: gid_t) throws(NetworkError) {
        let address = try SocketAddress(.unix(path: path))
        let operation = "listen on \(path)"
        let fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard fd >= 0 else { throw NetworkError(operation, errno) }
        self.path = path
        descriptor = fd
        // The mode of the descriptor becomes that of the path.
        guard fchmod(fd, 0o600) == 0, address.withPointer({ bind(fd, $0, $1) }) == 0 else {
            throw NetworkError(operation, errno)
        }
        guard lchown(path, owner, group) == 0, listen(fd, Int32(LinkNumber.streams)) == 0 else {
            let code = errno
            unlink(path)
            throw NetworkError(operation, code)
        }
    }

    deinit { Glibc.close(descriptor) }

    /// Blocks until somebody connects; nil when the listener was shut down.
    func accept() throws(NetworkError) -> Socket? {
        while true {
            let fd = kc_accept(descriptor)
            if fd >= 0 { return Socket(taking: fd) }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EINVAL: return nil
            default: throw NetworkError("accept on \(path)", errno)
            }
        }
    }

    /// Takes no more connections, wakes whoever waits for one, and removes the socket. May be called more than once.
    func shutDown() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        unlink(path)
    }
}
