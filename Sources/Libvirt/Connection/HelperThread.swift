import Executors

/// Threads for calls that block and whose caller must not.
enum HelperThread {
    /// Runs `body` once on a new thread; on the caller's, blocking it, where the system grants no thread.
    static func run(name: String, _ body: @escaping @Sendable () -> Void) {
        do {
            try OSThread.start(name: name, body)
        } catch {
            body()
        }
    }
}
