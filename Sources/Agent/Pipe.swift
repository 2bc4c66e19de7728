import Glibc
import Model

/// Joins standard input and output to a UNIX socket, in both directions, until both have ended.
public enum Pipe {
    /// Blocks. Throws when the socket can't be reached.
    public static func run(to path: String) throws(KVMCloneError) {
        let descriptor = try connect(to: path)
        defer { close(descriptor) }
        var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        var polled = [
            pollfd(fd: 0, events: Int16(POLLIN), revents: 0), pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        ]
        while polled.contains(where: { $0.fd >= 0 }) {
            guard poll(&polled, 2, -1) >= 0 || errno == EINTR else { return }
            if polled[0].revents != 0 {
                let isOpen = pump(from: 0, to: descriptor, &buffer)
                if !isOpen {
                    shutdown(descriptor, Int32(SHUT_WR))
                    polled[0].fd = -1
                }
            }
            if polled[1].revents != 0 {
                // Standard output may be the same socket as standard input: then only its half is ended.
                let isOpen = pump(from: descriptor, to: 1, &buffer)
                if !isOpen {
                    if shutdown(1, Int32(SHUT_WR)) != 0 { close(1) }
                    polled[1].fd = -1
                }
            }
        }
    }

    private static func pump(
        from source: Int32, to target: Int32, _ buffer: inout UnsafeMutableRawBufferPointer
    ) -> Bool {
        let count = read(source, buffer.baseAddress, buffer.count)
        if count < 0, errno == EINTR || errno == EAGAIN { return true }
        guard count > 0 else { return false }
        var done = 0
        while done < count {
            let written = write(target, buffer.baseAddress.map { $0 + done }, count - done)
            if written > 0 {
                done += written
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }

    private static func connect(to path: String) throws(KVMCloneError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
            throw KVMCloneError(.invalidPath, "the socket's path is too long")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard descriptor >= 0, isConnected else {
            let cause = String(cString: strerror(errno))
            close(descriptor)
            throw KVMCloneError(.connection, "\(Validation.printable(path)) can't be reached", cause: cause)
        }
        return descriptor
    }
}
