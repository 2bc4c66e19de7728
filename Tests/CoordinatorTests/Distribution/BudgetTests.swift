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

    @Test("operations of one coordinator share; when one ends, the other has all; the time of day changes it")
    func operations() async throws {
        let minute = Mutex(0)
        let budgets = Budgets(fleet: try Self.fleet(), minute: { minute.withLock { $0 } })
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
