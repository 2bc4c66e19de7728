/// The sites of a list of members, numbered in the order in which they appear.
struct SiteIndex {
    let names: [String?]
    let ofHost: [Int]
    let ofName: [String: Int]

    init(_ members: [NetworkMember]) {
        var names: [String?] = []
        var known: [String?: Int] = [:]
        var ofHost: [Int] = []
        for member in members {
            if known[member.site] == nil {
                known[member.site] = names.count
                names.append(member.site)
            }
            ofHost.append(known[member.site] ?? 0)
        }
        self.names = names
        self.ofHost = ofHost
        ofName = Dictionary(uniqueKeysWithValues: names.enumerated().compactMap { at, name in name.map { ($0, at) } })
    }
}

/// Which resource leads from one site to another.
struct LinkTable {
    private(set) var ends: [(from: Int, to: Int)] = []
    private(set) var capacities: [Double] = []
    /// For each ordered pair of sites a resource, `ResourceGraph.free` or `ResourceGraph.noWay`.
    private(set) var ways: [Int]

    init(_ network: DistributionNetwork, sites: SiteIndex, first: Int) {
        let count = sites.names.count
        let closed = !network.links.isEmpty
        ways = []
        for from in 0..<count {
            for to in 0..<count {
                let isApart = closed && from != to && sites.names[from] != nil && sites.names[to] != nil
                ways.append(isApart ? ResourceGraph.noWay : ResourceGraph.free)
            }
        }
        for link in network.links {
            guard let one = sites.ofName[link.first], let other = sites.ofName[link.second] else { continue }
            for (from, to) in [(one, other), (other, one)] {
                guard ways[from * count + to] < 0 else { continue }
                ways[from * count + to] = first + ends.count
                ends.append((from, to))
                capacities.append(link.capacity ?? DistributionNetwork.defaultRate)
                let seen = network.observedLinks.last {
                    sites.ofName[$0.direction.from] == from && sites.ofName[$0.direction.to] == to
                }
                if let seen { capacities[ends.count - 1] = min(seen.rate, link.capacity ?? .infinity) }
            }
        }
    }
}
