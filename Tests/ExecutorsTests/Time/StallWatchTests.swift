import Testing

@testable import Executors

@Suite struct StallWatchTests {
    let clock = ManualClock()

    @Test func itFiresWhenNothingMovesForTheLimit() async throws {
        let clock = clock
        let task = Task {
            try await withStallLimit(.seconds(30), clock: clock) { _ in
                try await clock.sleep(for: .seconds(1_000_000))
            }
        }
        await clock.advanceToNextSleeper(of: 2)
        await #expect(throws: StallError(limit: .seconds(30))) { try await task.value }
        #expect(clock.now.offset == .seconds(30))
    }

    @Test func progressPutsItOff() async throws {
        let watch = StallWatch(limit: .seconds(30), clock: clock)
        let stalled = Task {
            try await watch.stalled()
            return clock.now.offset
        }
        for _ in 0..<10 {
            clock.advance(by: .seconds(29))
            watch.progress()
            #expect(watch.idleTime == .zero)
        }
        clock.advance(by: .seconds(12))
        #expect(watch.idleTime == .seconds(12))
        while clock.now.offset < .seconds(320) { await clock.advanceToNextSleeper() }
        #expect(try await stalled.value == .seconds(320))
    }

    @Test func aResultPassesAndTheWatchEnds() async throws {
        #expect(try await withStallLimit(.seconds(1), clock: clock) { _ in 5 } == 5)
        #expect(!clock.hasSleeper)
    }

    @Test func aCallersCancellationIsAnsweredByTheOperation() async throws {
        struct Cleaned: Error, Equatable {}
        let clock = clock
        let task = Task {
            try await withStallLimit(.seconds(30), clock: clock) { _ in
                do { try await clock.sleep(for: .seconds(60)) } catch { throw Cleaned() }
            }
        }
        while !clock.hasSleeper { await Task.yield() }
        task.cancel()
        await #expect(throws: Cleaned.self) { try await task.value }
    }

    @Test func aDeadlineCancelsWhateverTheProgress() async throws {
        let clock = clock
        let task = Task {
            try await withDeadline(.seconds(10), clock: clock) {
                while true { try await clock.sleep(for: .seconds(3)) }
            }
        }
        for _ in 0..<4 { await clock.advanceToNextSleeper(of: 2) }
        await #expect(throws: DeadlineError(limit: .seconds(10))) { try await task.value }
    }
}
