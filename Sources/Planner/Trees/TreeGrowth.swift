/// A tree while it grows: who may still take children, and what links have left.
struct TreeGrowth {
    private let graph: ResourceGraph
    private let rate: Double
    private var left: [Double]
    /// Children that each host may still take.
    private(set) var slots: [Int]
    /// The parent of each host; -1 for those that have none yet.
    private(set) var parent: [Int]
    /// Hosts of each site that are in the tree, in the order in which they joined: shallow ones first.
    private var queue: [[Int]]
    private var head: [Int]
    private let sites: [Int]

    init(_ instance: Instance, rate: Double, left: [Double], reserved: Double) {
        graph = instance.graph
        self.rate = rate
        self.left = left
        slots = [Int](repeating: 0, count: graph.count)
        parent = [Int](repeating: -1, count: graph.count)
        queue = [[Int]](repeating: [], count: graph.siteCount)
        head = [Int](repeating: 0, count: graph.siteCount)
        let most = Double(instance.targets.count)
        func count(_ rest: Double) -> Int { Int(min(most, max(0, rest / rate + 1e-6))) }
        for target in instance.targets { slots[target] = count(left[target]) }
        // Of several roots those with the most to spare go first: that keeps the source's uplink free.
        for root in instance.roots.sorted(by: { (left[$0], $1) > (left[$1], $0) }) {
            slots[root] = count(left[root] - (instance.roots.count == 1 ? reserved : 0))
            queue[graph.site[root]].append(root)
        }
        sites = Array(Set((instance.roots + instance.targets).map { instance.graph.site[$0] })).sorted()
    }

    /// Slots of the shallowest host of a site that has any.
    mutating func frontSlots(of site: Int) -> Int {
        advance(site)
        return head[site] < queue[site].count ? slots[queue[site][head[site]]] : 0
    }

    /// Hangs `child` below the shallowest host of the site `from` that has a slot and a way with room for it.
    mutating func attach(_ child: Int, from site: Int) -> Bool {
        let way = graph.way(from: site, to: graph.site[child])
        guard way != ResourceGraph.noWay, way < 0 || left[way] >= rate * (1 - 1e-9) else { return false }
        advance(site)
        for at in head[site]..<queue[site].count {
            let host = queue[site][at]
            guard slots[host] > 0 else { continue }
            let pair = graph.pair(from: host, to: child)
            guard pair != ResourceGraph.noWay, pair < 0 || left[pair] >= rate * (1 - 1e-9) else { continue }
            slots[host] -= 1
            if way >= 0 { left[way] -= rate }
            if pair >= 0 { left[pair] -= rate }
            parent[child] = host
            queue[graph.site[child]].append(child)
            return true
        }
        return false
    }

    /// Hangs `child` below a host of whichever site has the most room on its way.
    mutating func attachAnywhere(_ child: Int) -> Bool {
        let own = graph.site[child]
        if attach(child, from: own) { return true }
        var ways: [(site: Int, room: Double)] = []
        for site in sites where site != own && head[site] < queue[site].count {
            let way = graph.way(from: site, to: own)
            let room = way < 0 ? .infinity : left[way]
            if way != ResourceGraph.noWay && room >= rate * (1 - 1e-9) { ways.append((site, room)) }
        }
        for (site, _) in ways.sorted(by: { ($0.room, $1.site) > ($1.room, $0.site) }) {
            if attach(child, from: site) { return true }
        }
        return false
    }

    private mutating func advance(_ site: Int) {
        while head[site] < queue[site].count, slots[queue[site][head[site]]] == 0 { head[site] += 1 }
    }
}
