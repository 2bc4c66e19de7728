import Testing

@testable import Planner

@Suite("The cheapest arborescence")
struct ArborescenceTests {
    /// The least cost over all choices of parents that lead to the root.
    private func byForce(_ count: Int, _ cost: [Double]) -> Double {
        var best = Double.infinity
        var parent = [Int](repeating: 0, count: count)
        func choose(_ node: Int, _ sum: Double) {
            guard node < count else {
                let leadsHome = (1..<count).allSatisfy { start in
                    var here = start
                    for _ in 0..<count where here != 0 { here = parent[here] }
                    return here == 0
                }
                if leadsHome { best = min(best, sum) }
                return
            }
            for from in 0..<count where from != node {
                parent[node] = from
                choose(node + 1, sum + cost[from * count + node])
            }
        }
        choose(1, 0)
        return best
    }

    @Test("costs what trying all of them finds", arguments: UInt64(1)...200)
    func optimal(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let count = Int.random(in: 2...6, using: &random)
        let cost = (0..<count * count).map { _ in
            Int.random(in: 0..<6, using: &random) == 0 ? Double.infinity : Double(Int.random(in: 0...9, using: &random))
        }
        let least = byForce(count, cost)
        guard let parent = Arborescence.cheapest(count: count, cost: cost) else {
            #expect(least == .infinity)
            return
        }
        #expect((1..<count).reduce(0) { $0 + cost[parent[$1] * count + $1] } == least)
        for start in 1..<count {
            var here = start
            for _ in 0..<count where here != 0 { here = parent[here] }
            #expect(here == 0)
        }
    }

    @Test("of one node is that node, and of nodes out of reach there is none")
    func edges() {
        #expect(Arborescence.cheapest(count: 1, cost: [0]) == [-1])
        #expect(Arborescence.cheapest(count: 3, cost: [0, 1, .infinity, 1, 0, .infinity, 1, 1, 0]) == nil)
        // Two nodes that reach each other only.
        #expect(Arborescence.cheapest(count: 3, cost: [0, .infinity, .infinity, 1, 0, 1, 1, 1, 0]) == nil)
    }

    @Test("and the tree of the fewest hops span what can be reached", arguments: UInt64(1)...20)
    func plain(seed: UInt64) throws {
        let instance = Instance(RandomNetwork.request(seed: seed))
        for tree in [Reachability.tree(instance), HostPacking(instance).plainTree()] {
            let tree = try #require(tree)
            #expect(tree.depths(in: instance).allSatisfy { (1...instance.targets.count).contains($0) })
        }
    }
}
