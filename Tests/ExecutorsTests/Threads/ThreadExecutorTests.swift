import Glibc
import Testing

@testable import Executors

@Suite struct ThreadExecutorTests {
    actor Worker {
        let executor: ThreadExecutor
        private var order: [Int] = []

        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        init(_ executor: ThreadExecutor) {
            self.executor = executor
        }

        func isOnOwnThread() -> Bool { executor.isCurrent }
        func threadName() -> String { currentThreadName() }
        func append(_ number: Int) -> [Int] {
            order.append(number)
            return order
        }
        func block(until gate: Gate) { gate.wait() }
    }

    @Test func anActorRunsOnTheNamedThread() async throws {
        let executor = try ThreadExecutor(name: "host-kvm1")
        let worker = Worker(executor)
        #expect(await worker.isOnOwnThread())
        #expect(await worker.threadName() == "host-kvm1")
        #expect(!executor.isCurrent)
    }

    @Test func anActorKeepsItsIsolationWhenItIsCheckedAtRunTime() async throws {
        let worker = Worker(try ThreadExecutor(name: "isolated"))
        #expect(await worker.append(1) == [1])
        let order = await Task { await worker.append(2) }.value
        #expect(order == [1, 2])
    }

    @Test func oneBlockedExecutorHoldsUpNoOther() async throws {
        // More blocked threads than the cooperative pool has.
        let gate = Gate()
        let count = 2 * max(4, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let blocked = try (0..<count).map { Worker(try ThreadExecutor(name: "blocked-\($0)")) }
        let free = Worker(try ThreadExecutor(name: "free"))
        await withTaskGroup(of: Void.self) { group in
            for worker in blocked { group.addTask { await worker.block(until: gate) } }
            #expect(await free.append(1) == [1])
            gate.open()
        }
    }

    @Test func aTaskMayPreferIt() async throws {
        let executor = try ThreadExecutor(name: "preferred")
        let names = await withTaskExecutorPreference(executor) {
            await withTaskGroup(of: String.self) { group in
                for _ in 0..<3 { group.addTask { currentThreadName() } }
                return await group.reduce(into: [String]()) { $0.append($1) }
            }
        }
        #expect(names == ["preferred", "preferred", "preferred"])
    }

    @Test func itsThreadEndsWithIt() async throws {
        do {
            let worker = Worker(try ThreadExecutor(name: "short-lived"))
            #expect(await worker.isOnOwnThread())
            #expect(threadNames().contains("short-lived"))
        }
        while threadNames().contains("short-lived") { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test(arguments: [
        ("short", "short"), ("exactly-15-byte", "exactly-15-byte"), ("longer-than-fifteen", "longer-than-fif"),
        ("cut-in-umlaut-ü", "cut-in-umlaut-"),
    ])
    func aNameIsCutWhereTheKernelWouldRefuseIt(name: String, expected: String) async throws {
        #expect(await Worker(try ThreadExecutor(name: name)).threadName() == expected)
    }
}
