import Planner
import Testing

@testable import Coordinator

@Suite("Layout of streams over trees")
struct TreeLayoutTests {
    static func plan(_ targets: [String], _ shape: FanOut = .auto) throws -> DistributionPlan {
        let network = DistributionNetwork(
            members: (["source"] + targets).map { NetworkMember($0, uplink: 1e7, downlink: 1e7) })
        return try DistributionPlanner.plan(
            DistributionRequest(
                network: network, roots: ["source"], targets: targets, fanOut: shape, splitsCohorts: false))
    }

    @Test(
        "streams are divided by weight, one each at least",
        arguments: [
            (4, [1], [4]), (4, [1, 1], [2, 2]), (4, [3, 1], [3, 1]), (2, [5, 5], [1, 1]), (5, [2, 2, 1], [2, 2, 1]),
        ])
    func divide(count: Int, weights: [Int], expected: [Int]) {
        #expect(TreeLayout.divide(count, by: weights) == expected)
    }

    @Test("every target has one parent for each stream", arguments: [FanOut.auto, .chain, .tree], [2, 5, 8])
    func parents(shape: FanOut, count: Int) throws {
        let targets = (1...count).map { "t\($0)" }
        let layout = TreeLayout(try Self.plan(targets, shape), streams: 8)
        #expect(layout.streams == 8)
        #expect(layout.hasRelays)
        for target in targets {
            let streams = layout.edges.filter { $0.child == target }.flatMap(\.streams)
            #expect(streams.sorted() == Array(0..<8))
        }
        #expect(!layout.edges.contains { $0.child == "source" })
    }

    @Test("a star has no relays")
    func star() {
        let layout = TreeLayout.star(source: "s", targets: ["a", "b"], streams: 4)
        #expect(!layout.hasRelays)
        #expect(layout.edges.map(\.child) == ["a", "b"])
        #expect(layout.edges.allSatisfy { $0.parent == "s" && $0.streams == [0, 1, 2, 3] })
    }
}

@Suite("Who sends to whom")
struct TreeStateTests {
    private func chain() throws -> TreeState {
        let plan = try TreeLayoutTests.plan(["a", "b", "c"], .chain)
        return TreeState(source: "source", layout: TreeLayout(plan, streams: 2), plan: plan)
    }

    /// Whoever is below `host` in the only stripe.
    private func below(_ host: String, in state: TreeState) -> String? {
        state.layout.stripes[0].parents.first { $0.value == host }?.key
    }

    @Test("an orphan's new parent is the nearest ancestor that lives, by links of a new generation")
    func ancestor() throws {
        var state = try chain()
        let first = try #require(below("source", in: state))
        let second = try #require(below(first, in: state))
        let third = try #require(below(second, in: state))
        state.remove(second)
        let lost = state.stripes(of: third, generation: 0, streams: [0])
        #expect(lost == [0])
        let moved = state.reparent(third, in: lost)
        #expect(moved.map(\.parent) == [first])
        #expect(moved.map(\.generation) == [1])
        // The same loss, told again, is old news.
        #expect(state.stripes(of: third, generation: 0, streams: nil) == [])
        #expect(state.stripes(of: third, generation: 1, streams: [1]) == [0])
        #expect(state.reparent(third, in: [0], avoiding: [first]).map(\.parent) == ["source"])
    }

    @Test("the numbers of links end, and nothing is joined under one that was used")
    func generations() throws {
        var state = try chain()
        for expected in 1..<TreeState.generations { #expect(state.nextGeneration(of: "a") == expected) }
        #expect(state.nextGeneration(of: "a") == nil)
        #expect(state.reparent("a", in: [0]).isEmpty)
        #expect(UInt16(exactly: (TreeState.generations - 1) * TreeState.streamsPerGeneration + 63) == .max)
    }

    @Test("the dead get no parent, and nobody is tried without end")
    func ends() throws {
        var state = try chain()
        let first = try #require(below("source", in: state))
        state.remove(first)
        #expect(state.reparent(first, in: [0]).isEmpty)
        let other = try #require(state.layout.stripes[0].parents.keys.first)
        for _ in 0..<TreeState.mostAttempts { #expect(state.reparent(other, in: [0]).count == 1) }
        #expect(state.reparent(other, in: [0]).isEmpty)
    }
}
