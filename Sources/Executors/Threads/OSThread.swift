import CLinux
import Glibc

/// Starts threads of the operating system, for work that blocks and so must stay off Swift's cooperative pool.
public enum OSThread {
    /// Starts a detached thread that runs `body` once and ends.
    ///
    /// - Parameter name: Shown by `ps -L` and `top -H`; the kernel keeps its first 15 bytes.
    /// - Throws: `ThreadError` when the kernel grants no further thread; `body` is then not run.
    public static func start(name: String, _ body: @escaping @Sendable () -> Void) throws(ThreadError) {
        let start = Unmanaged.passRetained(ThreadStart(name: name, body: body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
                kc_set_thread_name(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard status == 0 else {
            start.release()
            throw ThreadError(name: name, errno: status)
        }
    }
}

/// A thread could not be started.
public struct ThreadError: Error, Equatable, CustomStringConvertible {
    /// The name that the thread was to have.
    public let name: String
    /// The error number of `pthread_create`: EAGAIN where a limit on threads or memory is reached.
    public let errno: Int32

    /// What failed, why, and what to do.
    public var description: String {
        "can't start the thread '\(name)': \(String(cString: strerror(errno))); "
            + "look at `ulimit -u` and the pids limit of the control group"
    }
}

private final class ThreadStart: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        // The kernel refuses a longer name as a whole.
        var bytes = Array(name.utf8.prefix(15))
        while String(validating: bytes, as: UTF8.self) == nil { bytes.removeLast() }
        self.name = String(decoding: bytes, as: UTF8.self)
        self.body = body
    }
}
