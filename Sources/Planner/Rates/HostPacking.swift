/// The packing problem host by host: exact with every limit, for instances small enough for a dense matrix.
struct HostPacking {
    private let instance: Instance
    /// The resources that rows stand for, ascending.
    private let resources: [Int]
    private let rowOf: [Int]
    private let capacities: [Double]

    init(_ instance: Instance) {
        self.instance = instance
        let floor = instance.ceiling * 1e-6
        let graph = instance.graph
        let hosts = (instance.roots + instance.targets).sorted()
        resources = hosts + Array(graph.count..<instance.capacities.count)
        var rowOf = [Int](repeating: -1, count: instance.capacities.count)
        for (row, resource) in resources.enumerated() { rowOf[resource] = row }
        self.rowOf = rowOf
        capacities = resources.map { max(floor, instance.capacities[$0]) } + [instance.ceiling]
    }

    /// Solves it to within `gap` of the optimum.
    func solve(gap: Double, rounds: Int) -> ColumnGeneration<DistributionTree> {
        ColumnGeneration(capacities: capacities, gap: gap, rounds: rounds) { prices in
            guard let tree = cheapest(prices) else { return nil }
            var usage = tree.usage(in: instance).map { (resource: rowOf[$0.resource], count: $0.count) }
            usage.append((capacities.count - 1, 1))
            return PricedColumn(shape: tree, usage: usage)
        }
    }

    /// The tree that spans the targets at least cost.
    func cheapest(_ prices: [Double]) -> DistributionTree? {
        let (graph, targets) = (instance.graph, instance.targets)
        let nodes = targets.count + 1
        var cost = [Double](repeating: .infinity, count: nodes * nodes)
        var rootOf = [Int](repeating: -1, count: nodes)
        func price(_ from: Int, _ to: Int) -> Double {
            guard graph.reaches(from: from, to: to) else { return .infinity }
            var sum = 0.0
            graph.forEachResource(from: from, to: to) { sum += prices[rowOf[$0]] }
            return sum
        }
        for (to, target) in targets.enumerated() {
            for root in instance.roots {
                let edge = price(root, target)
                if edge < cost[to + 1] { (cost[to + 1], rootOf[to + 1]) = (edge, root) }
            }
            for (from, relay) in targets.enumerated() where from != to {
                cost[(from + 1) * nodes + to + 1] = price(relay, target)
            }
        }
        guard let parent = Arborescence.cheapest(count: nodes, cost: cost) else { return nil }
        return DistributionTree(parents: (1..<nodes).map { parent[$0] == 0 ? rootOf[$0] : targets[parent[$0] - 1] })
    }

    /// The tree that spans the targets when scarce resources cost most. Nil if some target can't be reached.
    func plainTree() -> DistributionTree? { cheapest(capacities.dropLast().map { 1 / $0 }) }
}
