import Glibc

/// A file descriptor with one owner, closed at the end of its life.
public struct OwnedDescriptor: ~Copyable, Sendable {
    /// The number, for calls that borrow it.
    public let rawValue: Int32

    /// Takes over `descriptor`.
    public init(owning descriptor: Int32) {
        rawValue = descriptor
    }

    deinit {
        Glibc.close(rawValue)
    }

    /// Gives the descriptor up; the caller closes it.
    public consuming func release() -> Int32 {
        let value = rawValue
        discard self
        return value
    }
}

/// Two connected stream sockets, close-on-exec. The caller owns both.
struct SocketPair {
    let first: Int32
    let second: Int32

    init() throws(SSHError) {
        var pair: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &pair) == 0 else {
            throw .process("socketpair: \(errnoText())")
        }
        (first, second) = (pair[0], pair[1])
        // Fewer hand-overs between the threads at both ends; the kernel may grant less.
        for descriptor in pair {
            var size: Int32 = 1 << 20
            setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
    }
}

/// The text of an errno value.
func errnoText(_ code: Int32 = errno) -> String {
    String(cString: strerror(code))
}

/// Makes reads and writes return EAGAIN where they would wait.
func setNonBlocking(_ descriptor: Int32) {
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
}

/// poll(2) that resumes after signals. A nil time-out waits for ever. Returns the number of ready descriptors.
@discardableResult
func pollDescriptors(_ descriptors: inout [pollfd], until deadline: ContinuousClock.Instant?) -> Int32 {
    while true {
        let ready = poll(&descriptors, nfds_t(descriptors.count), deadline.map(millisecondsUntil) ?? -1)
        if ready >= 0 || errno != EINTR { return ready }
    }
}

/// Milliseconds from now, rounded up, at least 0.
func millisecondsUntil(_ deadline: ContinuousClock.Instant) -> Int32 {
    let left = ContinuousClock.now.duration(to: deadline).components
    if left.seconds < 0 || left.attoseconds < 0 { return 0 }
    return Int32(clamping: left.seconds.multipliedReportingOverflow(by: 1000).partialValue)
        &+ Int32(left.attoseconds / 1_000_000_000_000_000) &+ 1
}
