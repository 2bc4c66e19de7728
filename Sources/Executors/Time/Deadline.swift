/// An operation took longer than it was given and was cancelled.
public struct DeadlineError: Error, Equatable, CustomStringConvertible {
    /// The time that was given.
    public let limit: Duration

    /// What happened.
    public var description: String { "not done within \(limit)" }
}

/// Runs an operation and cancels it when it isn't done within `limit`.
///
/// - Throws: `DeadlineError` then, once the operation has returned after its cancellation; otherwise what the
///   operation throws.
public func withDeadline<Value: Sendable, C: Clock>(
    _ limit: Duration, clock: C, operation: @escaping @Sendable () async throws -> Value
) async throws -> Value where C.Duration == Duration {
    let end = clock.now.advanced(by: limit)
    return try await withAlarm(
        DeadlineError(limit: limit), alarm: { try await clock.sleep(until: end, tolerance: nil) }, operation: operation)
}

/// Runs both; when the alarm returns first, the operation is cancelled and `error` thrown in place of its result.
func withAlarm<Value: Sendable>(
    _ error: some Error, alarm: @escaping @Sendable () async throws -> Void,
    operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: RaceEnd<Value>.self) { group in
        group.addTask { .operation(try await operation()) }
        group.addTask {
            do {
                try await alarm()
                return .alarm
            } catch {
                return .alarmCancelled
            }
        }
        defer { group.cancelAll() }
        while let end = try await group.next() {
            switch end {
            case .operation(let value): return value
            case .alarm: throw error
            // The caller was cancelled: the operation's own answer to that counts.
            case .alarmCancelled: continue
            }
        }
        throw CancellationError()
    }
}

private enum RaceEnd<Value: Sendable>: Sendable {
    case operation(Value)
    case alarm
    case alarmCancelled
}
