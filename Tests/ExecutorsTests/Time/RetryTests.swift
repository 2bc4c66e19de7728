import Testing

@testable import Executors

@Suite struct RetryTests {
    enum Failure: Error, Equatable {
        case transient(Int)
        case permanent
    }

    let clock = ManualClock()

    private func isTransient(_ error: any Error) -> Bool {
        if case Failure.transient = error { true } else { false }
    }

    /// Runs `work` while the clock jumps from sleeper to sleeper; returns the waits.
    private func drive<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async -> (Result<Value, any Error>, [Duration]) {
        let clock = clock
        let driver = Task {
            var waits: [Duration] = []
            while !Task.isCancelled {
                if clock.hasSleeper { waits.append(await clock.advanceToNextSleeper()) }
                await Task.yield()
            }
            return waits
        }
        let result = await Task { try await work() }.result
        driver.cancel()
        return (result, await driver.value)
    }

    private func attempts(_ policy: RetryPolicy, failing: Int, seed: UInt64 = 1) async -> (
        Result<Int, any Error>, [Duration]
    ) {
        let clock = clock
        return await drive {
            try await retry(
                policy, clock: clock, generator: SeededGenerator(seed: seed),
                isTransient: { if case Failure.transient = $0 { true } else { false } },
                operation: { attempt in
                    if attempt <= failing { throw Failure.transient(attempt) }
                    return attempt
                })
        }
    }

    @Test func itTriesUntilTheOperationSucceeds() async throws {
        let (result, waits) = await attempts(RetryPolicy(), failing: 4)
        #expect(try result.get() == 5)
        #expect(waits.count == 4)
    }

    @Test func theSameSeedGivesTheSameWaits() async throws {
        let (_, first) = await attempts(RetryPolicy(), failing: 6, seed: 42)
        let (_, second) = await attempts(RetryPolicy(), failing: 6, seed: 42)
        let (_, other) = await attempts(RetryPolicy(), failing: 6, seed: 43)
        #expect(first == second)
        #expect(first != other)
    }

    @Test func theLastErrorIsThrownWhenTheAttemptsAreUsedUp() async throws {
        let (result, waits) = await attempts(RetryPolicy(maximumAttempts: 3), failing: 9)
        #expect(throws: Failure.transient(3)) { try result.get() }
        #expect(waits.count == 2)
    }

    @Test func noAttemptBeginsAfterTheMaximumTime() async throws {
        let policy = RetryPolicy(base: .seconds(1), cap: .seconds(1), maximumTime: .seconds(5))
        let (result, waits) = await attempts(policy, failing: 99)
        #expect(throws: Failure.transient(5)) { try result.get() }
        #expect(waits == Array(repeating: .seconds(1), count: 4))
    }

    @Test func otherErrorsPassAtOnce() async throws {
        await #expect(throws: Failure.permanent) {
            try await retry(RetryPolicy(), clock: clock, isTransient: isTransient) { _ in throw Failure.permanent }
        }
    }

    @Test func eachRetriedErrorIsReported() async throws {
        let clock = clock
        let (result, _) = await drive {
            var reported: [Failure] = []
            try await retry(
                RetryPolicy(), clock: clock, isTransient: { _ in true },
                onRetry: { error, wait in
                    if let failure = error as? Failure, wait > .zero { reported.append(failure) }
                },
                operation: { attempt in if attempt < 3 { throw Failure.transient(attempt) } })
            return reported
        }
        #expect(try result.get() == [.transient(1), .transient(2)])
    }

    @Test func cancellationEndsTheWait() async throws {
        let clock = clock
        let task = Task {
            try await retry(RetryPolicy(), clock: clock, isTransient: { _ in true }) { _ in
                throw Failure.transient(1)
            }
        }
        while !clock.hasSleeper { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func waitsStayBetweenBaseAndCapAndThreeTimesTheLast() {
        let policy = RetryPolicy(base: .milliseconds(100), cap: .seconds(2))
        var generator = SeededGenerator(seed: 7)
        var backoff = Backoff(policy)
        var last = policy.base
        for _ in 0..<1000 {
            let wait = backoff.next(using: &generator)
            #expect(wait >= policy.base && wait <= policy.cap && wait <= last * 3 + .nanoseconds(10))
            last = wait
        }
    }

    @Test func splitMixGivesThePublishedNumbers() {
        var generator = SeededGenerator(seed: 1_234_567)
        #expect(generator.next() == 6_457_827_717_110_365_317)
        #expect(generator.next() == 3_203_168_211_198_807_973)
    }
}
