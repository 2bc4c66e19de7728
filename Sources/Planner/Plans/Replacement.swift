extension DistributionPlan {
    /// A new parent for `child` in a stripe whose parent has died: the nearest living ancestor, else the peer with the
    /// most spare uplink that isn't below the child, one of its own site if there is any. Nil if nobody is left.
    ///
    /// Takes time in proportion to the plan's size. A peer is a root of the cohort's trees or one of its targets.
    public func replacementParent(for child: String, cohort: Int, stripe: Int, alive: Set<String>) -> String? {
        guard cohorts.indices.contains(cohort), cohorts[cohort].stripes.indices.contains(stripe) else { return nil }
        let tree = cohorts[cohort].stripes[stripe]
        let parents = Dictionary(tree.edges.map { ($0.child, $0.parent) }) { first, _ in first }
        let network = request.network
        var above = parents[child]
        while let host = above {
            if alive.contains(host), network.reaches(from: host, to: child) { return host }
            above = parents[host]
        }
        var below: Set<String> = [child]
        for edge in tree.edges where below.contains(edge.parent) { below.insert(edge.child) }
        let spare = spareUplinks()
        let site = network.member(child)?.site
        let peers = (cohorts[cohort].feeders + cohorts[cohort].targets).filter {
            alive.contains($0) && !below.contains($0) && network.reaches(from: $0, to: child)
        }
        let near = peers.filter { network.member($0)?.site == site }
        return (near.isEmpty ? peers : near).max { (spare[$0] ?? 0, $1) < (spare[$1] ?? 0, $0) }
    }

    /// What each host's uplink has left beside all stripes, in bytes per second.
    public func spareUplinks() -> [String: Double] {
        let graph = ResourceGraph(request.network)
        var spare = Dictionary(uniqueKeysWithValues: zip(graph.names, graph.capacities))
        for stripe in cohorts.flatMap(\.stripes) {
            for edge in stripe.edges { spare[edge.parent, default: 0] -= stripe.rate }
        }
        return spare.mapValues { max(0, $0) }
    }
}
