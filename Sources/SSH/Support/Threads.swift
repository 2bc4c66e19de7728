import CLinux
import Glibc

/// Runs `body` on a thread of its own, named `name` (at most 15 bytes).
func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SSHError) {
    let start = Unmanaged.passRetained(ThreadStart(name: name, body: body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let code = pthread_create(
        &thread, &attributes,
        { argument in
            guard let argument else { return nil }
            let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
            kc_set_thread_name(start.name)
            start.body()
            return nil
        }, start.toOpaque())
    if code != 0 {
        start.release()
        throw .process("a thread can't be started: \(errnoText(code))")
    }
}

private final class ThreadStart: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
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
