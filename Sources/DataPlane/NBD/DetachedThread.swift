import Executors

/// A thread of its own for work that blocks.
enum DetachedThread {
    /// Starts it; returns 0, or the error number.
    static func start(name: String, _ body: @escaping @Sendable () -> Void) -> Int32 {
        do {
            try OSThread.start(name: name, body)
            return 0
        } catch {
            return error.errno
        }
    }
}
