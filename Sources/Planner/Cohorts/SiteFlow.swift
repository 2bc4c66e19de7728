/// What each site can get at most from the roots' sites over the links, whatever the hosts: maximum flow by augmenting
/// along widest paths (Edmonds and Karp 1972). With very many sites only the widest path counts, which is less than the
/// maximum where sites are joined in rings.
struct SiteFlow {
    /// The most sites for which more than one path is looked for.
    private static let mostSites = 128

    private let count: Int
    private let rooms: [Double]
    private let homes: [Int]

    init(graph: ResourceGraph, roots: [Int]) {
        count = graph.siteCount
        homes = Set(roots.map { graph.site[$0] }).sorted()
        var rooms = [Double](repeating: 0, count: count * count)
        for from in 0..<count {
            for to in 0..<count where from != to {
                let way = graph.way(from: from, to: to)
                guard way != ResourceGraph.noWay else { continue }
                rooms[from * count + to] = way < 0 ? .infinity : graph.capacities[way]
            }
        }
        self.rooms = rooms
    }

    /// The flow to each site, in bytes per second: infinite for the roots' sites, 0 for sites out of reach.
    func limits() -> [Double] {
        let first = widest(rooms)
        return (0..<count).map { site in
            guard !homes.contains(site), count <= Self.mostSites else { return first.width[site] }
            var left = rooms
            var sum = 0.0
            // Each round fills a link; the bound is for safety only.
            for _ in 0..<(count * count) {
                let (width, from) = widest(left)
                guard width[site] > 0 else { break }
                guard width[site] < .infinity else { return .infinity }
                sum += width[site]
                var here = site
                while from[here] >= 0 {
                    left[from[here] * count + here] -= width[site]
                    left[here * count + from[here]] += width[site]
                    here = from[here]
                }
            }
            return sum
        }
    }

    /// The widest path from a home to each site: its width and each site's predecessor.
    private func widest(_ rooms: [Double]) -> (width: [Double], from: [Int]) {
        var width = [Double](repeating: 0, count: count)
        var from = [Int](repeating: -1, count: count)
        var isDone = [Bool](repeating: false, count: count)
        for home in homes { width[home] = .infinity }
        while true {
            var here = -1
            for site in 0..<count where !isDone[site] && width[site] > 0 && (here < 0 || width[site] > width[here]) {
                here = site
            }
            guard here >= 0 else { return (width, from) }
            isDone[here] = true
            for next in 0..<count where !isDone[next] {
                let through = min(width[here], rooms[here * count + next])
                if through > width[next] { (width[next], from[next]) = (through, here) }
            }
        }
    }
}
