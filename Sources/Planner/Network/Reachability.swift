/// Who can be reached by way of others.
enum Reachability {
    /// The targets of an instance that no path from a root reaches.
    static func unreached(_ instance: Instance) -> [Int] {
        let graph = instance.graph
        var waiting = instance.targets
        var frontier = instance.roots
        // A host of a site that was asked already reaches nobody new, unless pairs are cut.
        var asked = [Bool](repeating: false, count: graph.siteCount)
        while let host = frontier.popLast(), !waiting.isEmpty {
            guard graph.hasPairs || !asked[graph.site[host]] else { continue }
            asked[graph.site[host]] = true
            frontier += waiting.filter { graph.reaches(from: host, to: $0) }
            waiting.removeAll { graph.reaches(from: host, to: $0) }
        }
        return waiting
    }
}
