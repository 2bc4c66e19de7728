/// Builds several trees at once by degrees, as SplitStream (Castro et al. 2003) spreads its interior nodes: at rate x
/// a host with uplink u has u/x slots for children. Each tree takes the hosts with the most slots left as its
/// relays, uses them up, and hangs the rest below as leaves: interiors are nearly disjoint and depths logarithmic.
struct SlotPacker {
    private let instance: Instance
    /// Targets of each site, by the graph's sites.
    private let members: [[Int]]
    private let rootSites: Set<Int>

    init(_ instance: Instance) {
        self.instance = instance
        var members = [[Int]](repeating: [], count: instance.graph.siteCount)
        for target in instance.targets { members[instance.graph.site[target]].append(target) }
        self.members = members
        rootSites = Set(instance.roots.map { instance.graph.site[$0] })
    }

    /// A stripe to build: its rate, and from which site each site gets its first copy.
    struct Order {
        var rate: Double
        var entries: [Int]
    }

    /// A tree for each order within the instance's capacities, or nil if it found none.
    func pack(_ orders: [Order]) -> [DistributionTree]? {
        var left = instance.capacities
        var trees: [DistributionTree] = []
        var later = orders.reduce(0) { $0 + $1.rate }
        for order in orders {
            later -= order.rate
            guard let tree = build(order, left: left, reserved: max(0, later)) else { return nil }
            for (resource, count) in tree.usage(in: instance) { left[resource] -= count * order.rate }
            trees.append(tree)
        }
        return trees
    }

    /// One tree at `order.rate`. A single root keeps `reserved` of its uplink for the trees that follow.
    private func build(_ order: Order, left: [Double], reserved: Double) -> DistributionTree? {
        var growth = TreeGrowth(instance, rate: order.rate, left: left, reserved: reserved)
        let slots = growth.slots
        var waiting = members.map { hosts in
            hosts.sorted { (slots[$0], left[$0], $1) > (slots[$1], left[$1], $0) }[...]
        }
        var entered = members.map(\.isEmpty)
        var open: [Int] = []
        var children = [[Int]](repeating: [], count: members.count)
        for site in members.indices where !entered[site] && order.entries[site] != site {
            children[order.entries[site]].append(site)
        }
        func enter(_ site: Int) -> Bool {
            guard !entered[site], let first = waiting[site].first else { return false }
            guard growth.attach(first, from: order.entries[site]) || growth.attachAnywhere(first) else { return false }
            waiting[site].removeFirst()
            entered[site] = true
            open.append(site)
            return true
        }
        for site in members.indices where order.entries[site] == site || rootSites.contains(site) { _ = enter(site) }
        var isDone = false
        while !isDone {
            isDone = true
            for site in open {
                // Relays first: each gives at least the slot back that it takes.
                while let next = waiting[site].first, growth.slots[next] > 0 {
                    for child in children[site] where growth.frontSlots(of: site) > 1 && enter(child) { isDone = false }
                    guard growth.attach(next, from: site) || growth.attachAnywhere(next) else { return nil }
                    waiting[site].removeFirst()
                    isDone = false
                }
                for child in children[site] where enter(child) { isDone = false }
            }
            if isDone, members.indices.contains(where: { enter($0) }) { isDone = false }
        }
        guard entered.allSatisfy({ $0 }) else { return nil }
        for site in open {
            for leaf in waiting[site] {
                guard growth.attach(leaf, from: site) || growth.attachAnywhere(leaf) else { return nil }
            }
        }
        return DistributionTree(parents: instance.targets.map { growth.parent[$0] })
    }
}
