/// A tree that reaches every target of an instance: the parent of each target, by the graph's indices.
struct DistributionTree: Sendable, Equatable {
    /// Targets in the order of the instance, each with its parent.
    var parents: [Int]

    /// What a byte along the tree costs each resource: resource and count, ascending.
    func usage(in instance: Instance) -> [(resource: Int, count: Double)] {
        var counts: [Int: Double] = [:]
        for (at, target) in instance.targets.enumerated() {
            instance.graph.forEachResource(from: parents[at], to: target) { counts[$0, default: 0] += 1 }
        }
        return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Hops from the nearest root, for each target in the order of the instance.
    func depths(in instance: Instance) -> [Int] {
        var depth = [Int](repeating: 0, count: parents.count)
        for at in parents.indices where depth[at] == 0 {
            var path: [Int] = []
            var here = at
            while depth[here] == 0 {
                path.append(here)
                guard let above = instance.position[parents[here]] else { break }
                here = above
            }
            var reached = depth[here]
            for node in path.reversed() {
                reached += 1
                depth[node] = reached
            }
        }
        return depth
    }
}

/// One packing problem: who has the data, who wants it, and what may be used.
struct Instance: Sendable {
    let graph: ResourceGraph
    /// Hosts that have the data, by the graph's indices.
    let roots: [Int]
    /// Hosts that want it.
    let targets: [Int]
    /// What may be used of each resource of the graph.
    var capacities: [Double]
    /// Where a target stands in `targets`.
    let position: [Int: Int]

    init(graph: ResourceGraph, roots: [Int], targets: [Int], capacities: [Double]? = nil) {
        self.graph = graph
        self.roots = roots
        self.targets = targets
        self.capacities = capacities ?? graph.capacities
        position = Dictionary(uniqueKeysWithValues: targets.enumerated().map { ($1, $0) })
    }

    /// The most that all trees together may carry: what the slowest target takes in, what the roots put out, and what
    /// all uplinks together send to that many targets.
    var ceiling: Double {
        let intake = targets.lazy.map { graph.intake[$0] }.min() ?? 0
        let output = roots.lazy.map { min(graph.output[$0], capacities[$0]) }.reduce(0, +)
        let uplinks = (roots + targets).reduce(0) { $0 + capacities[$1] } / Double(targets.count)
        return min(intake, output, uplinks)
    }
}
