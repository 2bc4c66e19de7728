import Synchronization

/// A clock that stands still until a test moves it.
final class ManualClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct State {
        var now = Instant(offset: .zero)
        var lastTicket = 0
        var sleepers: [Int: (end: Instant, continuation: CheckedContinuation<Void, any Error>)] = [:]
    }

    private let state = Mutex(State())

    var now: Instant { state.withLock { $0.now } }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until end: Instant, tolerance: Duration?) async throws {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let result: Result<Void, any Error>? = state.withLock { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if end <= state.now { return .success(()) }
                    state.sleepers[ticket] = (end, continuation)
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: ticket) }?.continuation
                .resume(throwing: CancellationError())
        }
    }

    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.end <= state.now }
            for ticket in due.keys { state.sleepers.removeValue(forKey: ticket) }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    var hasSleeper: Bool { state.withLock { !$0.sleepers.isEmpty } }

    /// Waits until `count` tasks sleep, then moves to the earliest end. Returns the time that was skipped.
    @discardableResult
    func advanceToNextSleeper(of count: Int = 1) async -> Duration {
        while true {
            let step = state.withLock { state in
                state.sleepers.count < count
                    ? nil : state.sleepers.values.map(\.end).min().map { state.now.duration(to: $0) }
            }
            if let step {
                advance(by: step)
                return step
            }
            await Task.yield()
        }
    }
}
