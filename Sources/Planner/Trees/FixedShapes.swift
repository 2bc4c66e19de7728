/// Trees whose shape is asked for.
enum FixedShapes {
    /// Every target below a root: the one with the most uplink for its share. Throws if no root reaches a target.
    static func star(_ instance: Instance) throws(PlanError) -> DistributionTree {
        let graph = instance.graph
        var load = [Double](repeating: 0, count: graph.count)
        var parents: [Int] = []
        var missed: [String] = []
        for target in instance.targets {
            let reaching = instance.roots.filter { graph.reaches(from: $0, to: target) }
            let best = reaching.max {
                let (a, b) = (instance.capacities[$0] / (load[$0] + 1), instance.capacities[$1] / (load[$1] + 1))
                return (a, $1) < (b, $0)
            }
            if let best { load[best] += 1 } else { missed.append(graph.names[target]) }
            parents.append(best ?? -1)
        }
        guard missed.isEmpty else { throw .notDirect(missed) }
        return DistributionTree(parents: parents)
    }

    /// A path from a root through all targets, site by site, each site once; in a site the hosts with the least uplink
    /// come last. Of all orders of the sites the one of the greatest rate, up to seven sites; of more, always the
    /// nearest by capacity. Throws if it finds no such path.
    static func chain(_ instance: Instance) throws(PlanError) -> DistributionTree {
        let graph = instance.graph
        var members: [Int: [Int]] = [:]
        for target in instance.targets { members[graph.site[target], default: []].append(target) }
        let sites = members.keys.sorted()
        let sorted = members.mapValues { hosts in
            hosts.sorted { (instance.capacities[$0], $1) > (instance.capacities[$1], $0) }
        }
        var best: (tree: DistributionTree, rate: Double)?
        func consider(_ order: [Int], _ root: Int) {
            var parents = [Int](repeating: -1, count: instance.targets.count)
            var last = root
            for host in order.flatMap({ sorted[$0] ?? [] }) {
                guard graph.reaches(from: last, to: host), let at = instance.position[host] else { return }
                parents[at] = last
                last = host
            }
            let tree = DistributionTree(parents: parents)
            let rate = StripeRates([tree], in: instance).rate(weights: [1])
            if rate > best?.rate ?? -1 { best = (tree, rate) }
        }
        for root in instance.roots {
            let own = sites.filter { $0 == graph.site[root] }
            let others = sites.filter { $0 != graph.site[root] }
            if others.count <= 7 {
                forEachOrder(of: others) { consider(own + $0, root) }
            } else {
                consider(own + nearest(others, from: graph.site[root], in: instance), root)
            }
        }
        guard let best else { throw .noChain }
        return best.tree
    }

    private static func forEachOrder(of items: [Int], _ body: ([Int]) -> Void) {
        func extend(_ chosen: [Int], _ rest: [Int]) {
            if rest.isEmpty { return body(chosen) }
            for (at, item) in rest.enumerated() {
                extend(chosen + [item], Array(rest[..<at] + rest[(at + 1)...]))
            }
        }
        extend([], items)
    }

    private static func nearest(_ sites: [Int], from start: Int, in instance: Instance) -> [Int] {
        var rest = sites
        var order: [Int] = []
        var here = start
        func room(_ site: Int) -> Double {
            let way = instance.graph.way(from: here, to: site)
            return way == ResourceGraph.noWay ? -1 : way < 0 ? .infinity : instance.capacities[way]
        }
        while let at = rest.indices.max(by: { (room(rest[$0]), rest[$1]) < (room(rest[$1]), rest[$0]) }) {
            here = rest.remove(at: at)
            order.append(here)
        }
        return order
    }
}
