/// Who can be reached by way of others.
enum Reachability {
    /// The targets of an instance that no path from a root reaches.
    static func unreached(_ instance: Instance) -> [Int] {
        flood(instance).waiting
    }

    /// A tree of the fewest hops, whatever its rate, where all targets can be reached. Needs no more memory than that.
    static func tree(_ instance: Instance) -> DistributionTree? {
        let (parent, waiting) = flood(instance)
        return waiting.isEmpty ? DistributionTree(parents: instance.targets.map { parent[$0] }) : nil
    }

    private static func flood(_ instance: Instance) -> (parent: [Int], waiting: [Int]) {
        let graph = instance.graph
        var waiting = instance.targets
        var parent = [Int](repeating: -1, count: graph.count)
        var frontier = instance.roots[...]
        // A host of a site that was asked already reaches nobody new, unless pairs are cut.
        var asked = [Bool](repeating: false, count: graph.siteCount)
        while let host = frontier.popFirst(), !waiting.isEmpty {
            guard graph.hasPairs || !asked[graph.site[host]] else { continue }
            asked[graph.site[host]] = true
            waiting.removeAll { next in
                guard graph.reaches(from: host, to: next) else { return false }
                parent[next] = host
                frontier.append(next)
                return true
            }
        }
        return (parent, waiting)
    }
}
