import Executors

/// Threads that are waited for together.
final class ThreadGroup: Sendable {
    private let running = Gate(0)

    /// Runs `body` on a thread of its own.
    func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(TransferError) {
        running.update { $0 += 1 }
        do {
            try OSThread.start(name: name) { [self] in
                body()
                running.update { $0 -= 1 }
            }
        } catch {
            running.update { $0 -= 1 }
            throw TransferError(.resources, "\(error)", underlying: error)
        }
    }

    /// Blocks until all have ended. Not from one of them.
    func waitForAll() { _ = running.wait { $0 == 0 ? true : nil } }
}
