import Glibc

extension Socket {
    /// Bytes that the kernel may hold of a UNIX socket: enough for the scheduler's pauses.
    private static let localBuffer: Int32 = 256 << 10
    /// Bytes that may lie unsent in a TCP connection.
    private static let unsent: Int32 = 128 << 10

    /// For a connection with QEMU: what lies in its buffers looks sent to QEMU, so that they are small.
    func tuneForDoor() {
        Self.set(descriptor, SOL_SOCKET, SO_SNDBUF, Self.localBuffer)
        Self.set(descriptor, SOL_SOCKET, SO_RCVBUF, Self.localBuffer)
    }

    /// For a link between agents. TCP by itself takes a receiver that reads nothing for dead after its time-out, which is
    /// therefore the job's. Sizes of a TCP connection's buffers stay the kernel's to choose, by delay and rate.
    func tuneForTunnel(stallTimeout: Double) {
        var domain: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0, domain != AF_UNIX else {
            return tuneForDoor()
        }
        Self.set(descriptor, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, Self.unsent)
        let milliseconds = Int32(min(max(1, stallTimeout), 86_400) * 1000)
        Self.set(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, milliseconds)
    }
}
