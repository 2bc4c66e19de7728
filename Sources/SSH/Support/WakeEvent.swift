import CLinux
import Glibc

/// An eventfd: wakes a thread that polls it. It stays readable until it is drained.
final class WakeEvent: Sendable {
    let descriptor: Int32

    init() throws(SSHError) {
        descriptor = kc_eventfd()
        if descriptor < 0 { throw .process("eventfd: \(errnoText())") }
    }

    deinit {
        close(descriptor)
    }

    func signal() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    func drain() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    }

    /// Whether it was signalled and not drained since.
    var isSignalled: Bool {
        var descriptors = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
        return poll(&descriptors, 1, 0) > 0
    }
}
