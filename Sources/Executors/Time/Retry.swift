/// Runs an operation until it succeeds, fails for good, or the policy's limits are reached.
///
/// - Parameters:
///   - policy: Waits and limits.
///   - clock: What measures and waits; a test or the simulation passes its own.
///   - generator: The source of the jitter; a seeded one makes the waits repeatable.
///   - isTransient: Whether an error may go away by itself. `CancellationError` never does.
///   - onRetry: Told of each error that is retried and of the wait that follows, so that nothing is lost.
///   - operation: Receives the number of the attempt, from 1.
/// - Throws: The last error of the operation, unchanged, or `CancellationError` when the task is cancelled while it
///   waits.
public func retry<Value, C: Clock>(
    _ policy: RetryPolicy, clock: C, generator: some RandomNumberGenerator = SystemRandomNumberGenerator(),
    isolation: isolated (any Actor)? = #isolation, isTransient: (any Error) -> Bool,
    onRetry: (any Error, Duration) -> Void = { _, _ in }, operation: (_ attempt: Int) async throws -> Value
) async throws -> Value where C.Duration == Duration {
    var generator = generator
    var backoff = Backoff(policy)
    let start = clock.now
    var attempt = 1
    while true {
        try Task.checkCancellation()
        do {
            return try await operation(attempt)
        } catch let error where !(error is CancellationError) && isTransient(error) {
            if let limit = policy.maximumAttempts, attempt >= limit { throw error }
            let wait = backoff.next(using: &generator)
            if let limit = policy.maximumTime, start.duration(to: clock.now) + wait >= limit { throw error }
            onRetry(error, wait)
            try await clock.sleep(for: wait)
            attempt += 1
        }
    }
}
