/// The packing problem with the hosts of each site taken together, which has the same optimum as long as only uplinks
/// and links bind: under any prices, some cheapest tree has one relay in each site, the one with the cheapest uplink,
/// so an optimal price is the same for all targets of a site. With limits on pairs of hosts it is an upper bound.
struct SitePacking {
    /// From which site each site gets its first copy, or its own number where a root gives it; -1 without targets.
    typealias Entries = [Int]

    private let graph: ResourceGraph
    private let rootSites: [Int]
    private let targetSites: [Int]
    private let targetCounts: [Int]
    private let rootRow: [Int]
    private let targetRow: [Int]
    private let firstLinkRow: Int
    let capacities: [Double]

    init(_ instance: Instance) {
        graph = instance.graph
        let sites = graph.siteCount
        let floor = instance.ceiling * 1e-6
        var roots = [Double](repeating: 0, count: sites)
        var targets = roots
        var counts = [Int](repeating: 0, count: sites)
        for host in instance.roots { roots[graph.site[host]] += max(floor, instance.capacities[host]) }
        for host in instance.targets {
            targets[graph.site[host]] += max(floor, instance.capacities[host])
            counts[graph.site[host]] += 1
        }
        rootSites = (0..<sites).filter { roots[$0] > 0 }
        targetSites = (0..<sites).filter { counts[$0] > 0 }
        targetCounts = counts
        var rows: [Double] = []
        var rootRow = [Int](repeating: -1, count: sites)
        var targetRow = rootRow
        for site in rootSites {
            rootRow[site] = rows.count
            rows.append(roots[site])
        }
        for site in targetSites {
            targetRow[site] = rows.count
            rows.append(targets[site])
        }
        self.rootRow = rootRow
        self.targetRow = targetRow
        firstLinkRow = rows.count
        for link in graph.linkSites.indices { rows.append(max(floor, instance.capacities[graph.count + link])) }
        capacities = rows + [instance.ceiling]
    }

    /// Solves it to within `gap` of the optimum, or with very many sites as near as a bounded effort gets.
    func solve(gap: Double) -> ColumnGeneration<Entries> {
        let rounds = max(16, min(400, 16_000_000 / (targetSites.count * targetSites.count + 1)))
        return ColumnGeneration(capacities: capacities, gap: gap, rounds: rounds) { cheapest($0) }
    }

    private struct Step {
        var cost = Double.infinity
        var from = -1
        var row = -1
        var linkRow: Int?
    }

    /// The cheapest way to hand a copy to `site`: from a root, and from a target of another site or its own.
    private func steps(to site: Int, _ prices: [Double]) -> (fromRoot: Step, fromHubs: [Step]) {
        func step(_ from: Int, row: Int) -> Step {
            let way = graph.way(from: from, to: site)
            guard way != ResourceGraph.noWay else { return Step() }
            let linkRow = way >= 0 ? way - graph.count + firstLinkRow : nil
            let cost = prices[row] + (linkRow.map { prices[$0] } ?? 0)
            return Step(cost: cost, from: from, row: row, linkRow: linkRow)
        }
        var root = Step()
        for from in rootSites {
            let next = step(from, row: rootRow[from])
            if next.cost < root.cost { root = next }
        }
        return (root, targetSites.map { step($0, row: targetRow[$0]) })
    }

    private func cheapest(_ prices: [Double]) -> PricedColumn<Entries>? {
        let nodes = targetSites.count + 1
        var cost = [Double](repeating: .infinity, count: nodes * nodes)
        let choices = targetSites.map { steps(to: $0, prices) }
        for (to, choice) in choices.enumerated() {
            cost[to + 1] = choice.fromRoot.cost
            for (from, step) in choice.fromHubs.enumerated() where from != to {
                cost[(from + 1) * nodes + to + 1] = step.cost
            }
        }
        guard let parent = Arborescence.cheapest(count: nodes, cost: cost) else { return nil }
        var counts = [Double](repeating: 0, count: capacities.count)
        counts[capacities.count - 1] = 1
        func add(_ step: Step, _ count: Double) {
            counts[step.row] += count
            if let row = step.linkRow { counts[row] += count }
        }
        var entries = [Int](repeating: -1, count: graph.siteCount)
        for (to, choice) in choices.enumerated() {
            let above = parent[to + 1]
            let entry = above == 0 ? choice.fromRoot : choice.fromHubs[above - 1]
            add(entry, 1)
            entries[targetSites[to]] = entry.from
            // Every other target of the site is a leaf; its own site's relay goes first among equals.
            var leaf = choice.fromHubs[to]
            if choice.fromRoot.cost < leaf.cost { leaf = choice.fromRoot }
            for other in choice.fromHubs where other.cost < leaf.cost { leaf = other }
            add(leaf, Double(targetCounts[targetSites[to]] - 1))
        }
        let usage = counts.indices.filter { counts[$0] > 0 }.map { (resource: $0, count: counts[$0]) }
        return PricedColumn(shape: entries, usage: usage)
    }
}
