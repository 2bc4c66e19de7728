import Glibc

/// Owner of one connected stream socket (TCP or UNIX), closed with the last reference.
///
/// The engine itself never blocks in a socket call: it polls, so that `shutDown` from another thread ends every wait.
public final class Socket: Sendable {
    /// The descriptor; valid while the object lives.
    public let descriptor: Int32

    /// Takes the descriptor over. It must be a connected stream socket.
    public init(taking descriptor: Int32) {
        self.descriptor = descriptor
        Self.tune(descriptor)
    }

    deinit { close(descriptor) }

    /// Ends both directions; whoever waits on the socket wakes up. May be called from any thread, more than once.
    public func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    func shutDownWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Two connected UNIX sockets.
    public static func pair() throws(NetworkError) -> (Socket, Socket) {
        var pair: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &pair) == 0 else { throw NetworkError("make a socket pair", errno) }
        return (Socket(taking: pair[0]), Socket(taking: pair[1]))
    }

    /// No Nagle delay; a dead peer is noticed within about 30 s. These calls fail on UNIX sockets, which need none.
    private static func tune(_ fd: Int32) {
        set(fd, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        set(fd, SOL_SOCKET, SO_KEEPALIVE, 1)
        set(fd, Int32(IPPROTO_TCP), TCP_KEEPIDLE, 10)
        set(fd, Int32(IPPROTO_TCP), TCP_KEEPINTVL, 5)
        set(fd, Int32(IPPROTO_TCP), TCP_KEEPCNT, 4)
        set(fd, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, 30_000)
    }

    @discardableResult
    static func set(_ fd: Int32, _ level: Int32, _ option: Int32, _ value: Int32) -> Bool {
        var value = value
        return setsockopt(fd, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
    }

    /// Takes what is there, at most `count` bytes: nil when there is nothing yet, 0 at the end.
    func receive(_ p: UnsafeMutableRawPointer, _ count: Int) throws(NetworkError) -> Int? {
        while true {
            let n = recv(descriptor, p, count, Int32(MSG_DONTWAIT))
            if n >= 0 { return n }
            switch errno {
            case EINTR: continue
            case EAGAIN: return nil
            default: throw NetworkError("receive", errno)
            }
        }
    }

    /// Gives the kernel what it takes now, at most `count` bytes: nil when it takes nothing yet.
    func send(_ p: UnsafeRawPointer, _ count: Int) throws(NetworkError) -> Int? {
        while true {
            let n = Glibc.send(descriptor, p, count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            if n >= 0 { return n }
            switch errno {
            case EINTR: continue
            case EAGAIN: return nil
            default: throw NetworkError("send", errno)
            }
        }
    }

    /// Blocks until the socket is ready for `events` (POLLIN, POLLOUT) or was closed; false after `milliseconds`.
    func wait(_ events: Int32, milliseconds: Int32) throws(NetworkError) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        let n = poll(&entry, 1, milliseconds)
        if n < 0, errno != EINTR { throw NetworkError("poll", errno) }
        return n > 0
    }

    /// Sends all of it, waiting up to `deadline` (monotonic nanoseconds).
    func sendAll(_ p: UnsafeRawPointer, _ count: Int, deadline: UInt64) throws(NetworkError) {
        var done = 0
        while done < count {
            if let n = try send(p + done, count - done) { done += n } else { try wait(POLLOUT, until: deadline) }
        }
    }

    /// Receives exactly `count` bytes, waiting up to `deadline` (monotonic nanoseconds).
    func receiveAll(_ p: UnsafeMutableRawPointer, _ count: Int, deadline: UInt64) throws(NetworkError) {
        var done = 0
        while done < count {
            guard let n = try receive(p + done, count - done) else {
                try wait(POLLIN, until: deadline)
                continue
            }
            guard n > 0 else { throw NetworkError(.closed, "receive") }
            done += n
        }
    }

    private func wait(_ events: Int32, until deadline: UInt64) throws(NetworkError) {
        let now = monotonicNanoseconds()
        guard now < deadline else { throw NetworkError(.timedOut, "wait for the peer") }
        _ = try wait(events, milliseconds: Int32(min((deadline - now) / 1_000_000 + 1, 1000)))
    }
}
