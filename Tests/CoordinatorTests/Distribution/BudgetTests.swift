import AgentProtocol
import Model
import Simulation
import Synchronization
import Testing
import Topology

@testable import Coordinator

@Suite("Budgets of links and hosts")
struct BudgetTests {
    private static let operation = OperationID()

    private static func fleet() throws -> Fleet {
        try DistributionTests.fleet(
            """
            sites: { x: {}, y: {} }
            links: [{ between: [x, y], capacity: 1000, timetable: "08:00,400 20:00,off" }]
            hosts:
              a: { site: x }
              b: { site: x }
              c: { site: y }
              d: { site: y, inbound: 100 }
              e: { site: x, inbound: 300 }
            """)
    }

    private static func flow(_ parent: String, _ child: String, _ operation: OperationID = operation) -> Flow {
        Flow(operation: operation, job: HexBytes([1]), parent: parent, child: child)
    }

    @Test("flows that share a link share its allowance by weight; what nothing limits has no limit")
    func shares() throws {
        let fleet = try Self.fleet()
        let flows = [
            Self.flow("a", "c"): 0.75, Self.flow("b", "c"): 0.25, Self.flow("a", "b"): 1, Self.flow("c", "a"): 1,
        ]
        // At night the capacity is left.
        #expect(
            BudgetShares.rates(flows, fleet: fleet, minute: 0)
                == [Self.flow("a", "c"): 750, Self.flow("b", "c"): 250, Self.flow("c", "a"): 1000])
        #expect(
            BudgetShares.rates(flows, fleet: fleet, minute: 9 * 60)
                == [Self.flow("a", "c"): 300, Self.flow("b", "c"): 100, Self.flow("c", "a"): 400])
    }

    @Test("the least of all budgets on the way holds; an inbound cap is shared by all who send there")
    func least() throws {
        let flows = [Self.flow("a", "d"): 1.0, Self.flow("c", "d"): 1, Self.flow("a", "e"): 1]
        #expect(
            BudgetShares.rates(flows, fleet: try Self.fleet(), minute: 0)
                == [Self.flow("a", "d"): 50, Self.flow("c", "d"): 50, Self.flow("a", "e"): 300])
    }

    @Test("what a flow can't use, since something else holds it back, the others of its link get")
    func leftovers() throws {
        let flows = [Self.flow("a", "c"): 1.0, Self.flow("a", "d"): 1]
        #expect(
            BudgetShares.rates(flows, fleet: try Self.fleet(), minute: 0)
                == [Self.flow("a", "c"): 900, Self.flow("a", "d"): 100])
    }

    @Test(
        "an operation's limit holds for each sender, and for each link: in a star, a chain and a tree",
        arguments: [
            // Without a topology: the source's copies all together.
            ([("a", "b", 1), ("a", "c", 1)], ["a b": 300, "a c": 300]),
            ([("a", "b", 1), ("b", "c", 1)], ["a b": 600, "b c": 600]),
            // Two stripes: each goes once to one target and from there to the other.
            (
                [("a", "b", 0.5), ("b", "c", 0.5), ("a", "c", 0.5), ("c", "b", 0.5)],
                ["a b": 300, "b c": 600, "a c": 300, "c b": 600]
            ),
        ] as [([(String, String, Double)], [String: UInt64])])
    func operationLimit(edges: [(String, String, Double)], rates: [String: UInt64]) {
        let flows = Dictionary(uniqueKeysWithValues: edges.map { (Self.flow($0.0, $0.1), $0.2) })
        let found = BudgetShares.rates(flows, fleet: nil, minute: 0, limits: [Self.operation: 600])
        #expect(Dictionary(uniqueKeysWithValues: found.map { ("\($0.parent) \($0.child ?? "")", $1) }) == rates)
    }

    @Test("several senders of an operation together keep its limit on a link")
    func crossing() throws {
        let flows = [Self.flow("a", "c"): 1.0, Self.flow("b", "c"): 1, Self.flow("a", "b"): 1]
        let rates = BudgetShares.rates(flows, fleet: try Self.fleet(), minute: 0, limits: [Self.operation: 600])
        #expect(rates == [Self.flow("a", "c"): 300, Self.flow("b", "c"): 300, Self.flow("a", "b"): 300])
    }

    @Test("no budget is exceeded, and every flow that is limited uses one up", arguments: 0..<100)
    func property(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let fleet = try Self.fleet()
        let operations = [OperationID(), OperationID()]
        var flows: [Flow: Double] = [:]
        for _ in 0..<Int.random(in: 1...12, using: &generator) {
            let ends = ["a", "b", "c", "d", "e"].shuffled(using: &generator)
            let operation = operations[Int.random(in: 0...1, using: &generator)]
            flows[Self.flow(ends[0], ends[1], operation)] = Double.random(in: 0.1...1, using: &generator)
        }
        let limits = seed % 2 == 0 ? [operations[0]: UInt64.random(in: 50...900, using: &generator)] : [:]
        let rates = BudgetShares.rates(flows, fleet: fleet, minute: 0, limits: limits)
        var budgets: [(budget: UInt64, isUsed: (Flow) -> Bool)] = [
            (1000, { "abe".contains($0.parent) && "cd".contains($0.child ?? "") }),
            (1000, { "cd".contains($0.parent) && "abe".contains($0.child ?? "") }),
            (100, { $0.child == "d" }), (300, { $0.child == "e" }),
        ]
        for (operation, limit) in limits {
            for host in "abcde" { budgets.append((limit, { $0.operation == operation && $0.parent == "\(host)" })) }
            for sites in [("abe", "cd"), ("cd", "abe")] {
                budgets.append(
                    (
                        limit,
                        {
                            $0.operation == operation && sites.0.contains($0.parent)
                                && sites.1.contains($0.child ?? "")
                        }
                    ))
            }
        }
        let sums = budgets.map { budget in
            rates.reduce(UInt64(0)) { $0 + (budget.isUsed($1.key) ? $1.value : 0) }
        }
        for (sum, budget) in zip(sums, budgets) { #expect(sum <= budget.budget) }
        for flow in flows.keys {
            let mine = budgets.indices.filter { budgets[$0].isUsed(flow) }
            #expect((rates[flow] != nil) == !mine.isEmpty)
            // Rounding down loses less than one for each flow.
            let isUsedUp = mine.contains { sums[$0] + UInt64(flows.count) >= budgets[$0].budget }
            #expect(mine.isEmpty || isUsedUp)
        }
    }

    @Test("what shrinks is told before what grows, so that no budget is exceeded meanwhile")
    func order() async throws {
        let budgets = Budgets(fleet: try Self.fleet(), clock: Self.midnight)
        let log = Mutex<[[Flow: UInt64?]]>([])
        let apply: Budgets.Apply = { rates in log.withLock { $0.append(rates) } }
        let (first, second) = (Self.flow("a", "c"), Self.flow("b", "c"))
        await budgets.set([first: 1, second: 1], of: Self.operation, apply: apply)
        await budgets.set([first: 1, second: 3], of: Self.operation, apply: apply)
        #expect(log.withLock { $0 } == [[first: 500, second: 500], [first: 250], [second: 750]])
        // A limit that is gone is told as well.
        let free = Self.flow("a", "b")
        let limit = OperationLimit(Timetable(bytesPerSecond: 600), whole: Self.whole)
        log.withLock { $0 = [] }
        await budgets.set([free: 1], of: Self.operation, limit: limit, apply: apply)
        await budgets.set([free: 1], of: Self.operation, apply: apply)
        #expect(log.withLock { $0 } == [[free: 600, Self.whole: 600], [free: nil]])
    }

    private static let midnight = WallClock(now: { 4 * 86_400 }, offset: { _ in 0 })
    private static let whole = Flow(operation: operation, job: HexBytes([1]), parent: "a", child: nil)

    @Test("a timetable's change is in force as soon as its minute begins, for links and for operations")
    func clock() async throws {
        // Monday, half a second before 08:00.
        let start = ContinuousClock.now
        let clock = WallClock(
            now: { 4 * 86_400 + 8 * 3600 - 0.5 + start.duration(to: .now) / .seconds(1) }, offset: { _ in 0 })
        let budgets = Budgets(fleet: try Self.fleet(), clock: clock)
        let told = Mutex<[(Flow, UInt64?)]>([])
        let (linked, free) = (Self.flow("a", "c"), Self.flow("a", "b"))
        let limit = OperationLimit(try Timetable(parsing: "00:00,800 08:00,200 Tue-08:00,5"), whole: Self.whole)
        let (changes, change) = AsyncStream<Void>.makeStream()
        await budgets.set([linked: 1, free: 1], of: Self.operation, limit: limit) { rates in
            told.withLock { $0 += rates.map { ($0.key, $0.value) } }
            change.yield()
        }
        let keeping = Task { await budgets.keepTime() }
        var iterator = changes.makeAsyncIterator()
        for _ in 0..<2 { _ = await iterator.next() }
        keeping.cancel()
        let first = told.withLock { Dictionary($0.prefix(3).map { ($0.0, $0.1) }) { $1 } }
        let second = told.withLock { Dictionary($0.dropFirst(3).map { ($0.0, $0.1) }) { $1 } }
        #expect(first == [linked: 400, free: 400, Self.whole: 800])
        #expect(second == [linked: 100, free: 100, Self.whole: 200])
    }

    @Test("an operation is undisturbed when nothing limits it, and nobody else uses its hosts and links")
    func company() async throws {
        let budgets = Budgets(fleet: try Self.fleet(), clock: Self.midnight)
        let operations = (0..<4).map { _ in OperationID() }
        let pairs = [("a", "b"), ("x", "y"), ("z", "x"), ("a", "c")]
        for (operation, pair) in zip(operations, pairs) {
            await budgets.set([Self.flow(pair.0, pair.1, operation): 1], of: operation) { _ in }
        }
        // The second and the third have x, the first and the fourth a; the fourth is limited as well.
        for operation in operations { #expect(await !budgets.isUndisturbed(operation)) }
        let alone = OperationID()
        await budgets.set([Self.flow("p", "q", alone): 1], of: alone) { _ in }
        #expect(await budgets.isUndisturbed(alone))
        for operation in operations { await budgets.end(operation) }
        #expect(await budgets.isUndisturbed(alone))
    }

    @Test("operations of one coordinator share; when one ends, the other has all; the time of day changes it")
    func operations() async throws {
        let minute = Mutex(0)
        let budgets = Budgets(
            fleet: try Self.fleet(),
            clock: WallClock(now: { minute.withLock { Double($0 * 60) } }, offset: { _ in 0 }))
        let other = OperationID()
        let told = Mutex<[Flow: UInt64?]>([:])
        let apply: Budgets.Apply = { rates in told.withLock { $0.merge(rates) { _, new in new } } }
        let (mine, theirs) = (Self.flow("a", "c"), Self.flow("b", "c", other))
        await budgets.set([mine: 1], of: Self.operation, apply: apply)
        #expect(told.withLock { $0 } == [mine: 1000])
        await budgets.set([theirs: 1], of: other, apply: apply)
        #expect(told.withLock { $0 } == [mine: 500, theirs: 500])
        minute.withLock { $0 = 9 * 60 }
        await budgets.refresh()
        #expect(told.withLock { $0 } == [mine: 200, theirs: 200])
        await budgets.end(other)
        #expect(told.withLock { $0[mine] } == 400)
        // Agents that were joined anew are told the same limit again.
        told.withLock { $0 = [:] }
        await budgets.set([mine: 1], of: Self.operation, apply: apply)
        #expect(told.withLock { $0 } == [:])
        await budgets.set([mine: 1], of: Self.operation, renewing: mine, apply: apply)
        #expect(told.withLock { $0 } == [mine: 400])
        // What has ended takes no share, even if it asks late.
        await budgets.set([theirs: 1], of: other, apply: apply)
        #expect(told.withLock { $0 } == [mine: 400])
    }

    @Test("a copy over a link with a limit keeps to it, to all targets of the other site together")
    func copy() async throws {
        let fleet = try DistributionTests.fleet(
            """
            sites: { x: {}, y: {} }
            links: [{ between: [x, y], limit: 4M }]
            hosts: { source: { site: x }, target1: { site: y }, target2: { site: y } }
            """)
        let hosts = try FakeFleet(targets: 2, machine: MachineRecipe(disks: [DiskRecipe(size: 64 << 20, runs: 150)]))
        let calls = Mutex<[UInt64]>([])
        let coordinator = hosts.coordinator(fleet: fleet)
        var options = CloneOptions()
        options.compression = .off
        for shape in [CloneOptions.FanOut.star, .auto] {
            options.fanOut = shape
            options.newName = "copy-\(shape.rawValue)"
            let begin = ContinuousClock.now
            let result = try await coordinator.run(hosts.request(options), id: OperationID(), stop: StopSignal()) { _ in
            }
            let seconds = begin.duration(to: .now) / .seconds(1)
            #expect(result.targets.allSatisfy { $0.error == nil })
            // A star crosses the link once for each target, a tree once.
            let crossed = result.targets.reduce(UInt64(0)) { $0 + $1.wireBytes } / (shape == .star ? 1 : 2)
            calls.withLock { $0.append(crossed) }
            // What a bucket holds may pass at once.
            #expect(Double(crossed) / seconds <= Double(4 << 20) * 1.2, "\(shape) took \(seconds) s")
        }
        #expect(calls.withLock { $0.allSatisfy { $0 > 4 << 20 } })
        await hosts.close()
    }
}
