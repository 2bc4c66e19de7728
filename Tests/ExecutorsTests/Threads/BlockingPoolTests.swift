import Glibc
import Testing

@testable import Executors

@Suite struct BlockingPoolTests {
    struct Refusal: Error, Equatable {
        let reason: String
    }

    @Test func aResultComesBackFromAThreadOfThePool() async {
        let pool = BlockingPool(name: "results", maximumThreads: 2)
        #expect(await pool.run { currentThreadName() } == "results")
    }

    @Test func aTypedErrorKeepsItsType() async {
        let pool = BlockingPool(name: "errors", maximumThreads: 1)
        do throws(Refusal) {
            try await pool.run { () throws(Refusal) -> Void in throw Refusal(reason: "full") }
            Issue.record("must throw")
        } catch {
            #expect(error.reason == "full")
        }
    }

    @Test func itGrowsToItsLimitAndNotBeyond() async {
        let pool = BlockingPool(name: "bounded", maximumThreads: 3)
        let gate = Gate()
        let started = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    await pool.run {
                        started.add(1)
                        gate.wait()
                        started.add(-1)
                    }
                }
            }
            while started.value < 3 { await Task.yield() }
            #expect(pool.threadCount == 3)
            gate.open()
        }
        #expect(started.highest == 3)
    }

    @Test func anIdleThreadIsUsedAgain() async {
        let pool = BlockingPool(name: "reuse", maximumThreads: 8)
        for _ in 0..<20 {
            await pool.run {}
            // The thread turns idle just after it has resumed us.
            while threadNames().filter({ $0 == "reuse" }).count > 8 { await Task.yield() }
        }
        #expect(pool.threadCount <= 8)
    }

    @Test func idleThreadsEndAndTheNextCallStartsOne() async throws {
        let pool = BlockingPool(name: "idle", maximumThreads: 2, idleLimit: .milliseconds(5))
        await pool.run {}
        while pool.threadCount > 0 { try await Task.sleep(for: .milliseconds(2)) }
        #expect(await pool.run { 7 } == 7)
    }

    @Test func threadsEndWithThePool() async throws {
        do {
            let pool = BlockingPool(name: "released", maximumThreads: 2, idleLimit: .seconds(3600))
            await pool.run {}
            withExtendedLifetime(pool) { #expect(threadNames().contains("released")) }
        }
        while threadNames().contains("released") { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test func cancellationReachesTheBlockingCall() async throws {
        let pool = BlockingPool(name: "cancelled", maximumThreads: 1)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let (reader, writer) = (ends[0], ends[1])
        defer { for end in [reader, writer] { close(end) } }
        let task = Task {
            await pool.run(onCancel: { _ = write(writer, "x", 1) }) {
                var byte: UInt8 = 0
                return read(reader, &byte, 1)
            }
        }
        task.cancel()
        #expect(await task.value == 1)
    }

    @Test func aCallCancelledBeforeItBeginsStillRunsAfterItsHandler() async {
        let pool = BlockingPool(name: "queued", maximumThreads: 1)
        let gate = Gate()
        let cancellations = Counter()
        async let first: Void = pool.run { gate.wait() }
        let second = Task {
            await pool.run(onCancel: { cancellations.add(1) }) {
                cancellations.value
            }
        }
        second.cancel()
        gate.open()
        await first
        #expect(await second.value == 1)
    }
}
