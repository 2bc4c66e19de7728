import Synchronization

/// Measures the time since the last progress of an operation that may take as long as it likes, but not stand still.
public final class StallWatch<C: Clock>: Sendable where C.Duration == Duration {
    /// The longest time without progress.
    public let limit: Duration
    private let clock: C
    private let lastProgress: Mutex<C.Instant>

    /// Starts to measure now.
    public init(limit: Duration, clock: C) {
        self.limit = limit
        self.clock = clock
        lastProgress = Mutex(clock.now)
    }

    /// Tells of progress. Cheap, and safe to call from any thread.
    public func progress() {
        let now = clock.now
        lastProgress.withLock { $0 = max($0, now) }
    }

    /// The time since the last progress.
    public var idleTime: Duration {
        lastProgress.withLock { $0 }.duration(to: clock.now)
    }

    /// Returns when there was no progress for `limit`. Throws `CancellationError` when cancelled before.
    public func stalled() async throws {
        while true {
            let end = lastProgress.withLock { $0 }.advanced(by: limit)
            if clock.now >= end { return }
            try await clock.sleep(until: end, tolerance: nil)
        }
    }
}

/// An operation made no progress for too long and was cancelled.
public struct StallError: Error, Equatable, CustomStringConvertible {
    /// The limit that was reached.
    public let limit: Duration

    /// What happened.
    public var description: String { "no progress for \(limit)" }
}

/// Runs an operation and cancels it when it makes no progress for `limit`.
///
/// - Throws: `StallError` then, once the operation has returned after its cancellation; otherwise what the operation
///   throws.
public func withStallLimit<Value: Sendable, C: Clock>(
    _ limit: Duration, clock: C, operation: @escaping @Sendable (StallWatch<C>) async throws -> Value
) async throws -> Value where C.Duration == Duration {
    let watch = StallWatch(limit: limit, clock: clock)
    return try await withAlarm(StallError(limit: limit), alarm: { try await watch.stalled() }) {
        try await operation(watch)
    }
}
