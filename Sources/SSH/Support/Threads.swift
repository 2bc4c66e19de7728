import Executors

/// Runs `body` on a thread of its own, named `name` (at most 15 bytes).
func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SSHError) {
    do throws(ThreadError) {
        try OSThread.start(name: name, body)
    } catch {
        throw .process("\(error)")
    }
}

/// Runs blocking work on a thread of its own. Cancelling the task signals the event that `work` gets; it must
/// then return soon.
func onThread<Value: Sendable>(
    _ name: String, _ work: @escaping @Sendable (WakeEvent) throws(SSHError) -> Value
) async throws(SSHError) -> Value {
    let cancelled = try WakeEvent()
    let result: Result<Value, SSHError> = await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
            do throws(SSHError) {
                try startThread(name) {
                    continuation.resume(returning: Result { () throws(SSHError) in try work(cancelled) })
                }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
    } onCancel: {
        cancelled.signal()
    }
    return try result.get()
}
