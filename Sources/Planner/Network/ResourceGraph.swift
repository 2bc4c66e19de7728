/// A network in numbers: hosts, sites and resources are indices, every missing figure has its default.
///
/// Resources are what trees compete for: each host's uplink (index = host), then each direction of a link, then each
/// pair of hosts with an observed rate. What a target takes in counts once for every tree that spans it, so limits of
/// receiving hosts only cap the sum of the rates and aren't resources.
struct ResourceGraph: Sendable {
    /// No link joins the two sites.
    static let noWay = -2
    /// Nothing but the hosts' own limits counts.
    static let free = -1

    let names: [String]
    let index: [String: Int]
    /// Site of each host; hosts without one share an index of their own.
    let site: [Int]
    let siteNames: [String?]
    /// What each resource can carry, in bytes per second.
    let capacities: [Double]
    /// The most that each host can take in.
    let intake: [Double]
    /// The most that each host can read and seal.
    let output: [Double]
    /// The two sites of each link resource, in the order of the resources.
    let linkSites: [(from: Int, to: Int)]
    private let ways: [Int]
    private let pairs: [Int: Int]

    var count: Int { names.count }
    var siteCount: Int { siteNames.count }
    var hasPairs: Bool { !pairs.isEmpty }

    /// The network has to be valid.
    init(_ network: DistributionNetwork) {
        let members = network.members
        names = members.map(\.name)
        let index = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        self.index = index
        let sites = SiteIndex(members)
        site = sites.ofHost
        siteNames = sites.names
        let links = LinkTable(network, sites: sites, first: members.count)
        linkSites = links.ends
        ways = links.ways
        var best = (
            sent: [Double](repeating: 0, count: members.count), received: [Double](repeating: 0, count: members.count)
        )
        var pairs: [Int: Int] = [:]
        var pairRates: [Double] = []
        for observation in network.observedHosts {
            guard let from = index[observation.direction.from], let to = index[observation.direction.to], from != to
            else { continue }
            best.sent[from] = max(best.sent[from], observation.rate)
            best.received[to] = max(best.received[to], observation.rate)
            let key = from * members.count + to
            if let known = pairs[key] {
                pairRates[known - members.count - links.ends.count] = observation.rate
            } else {
                pairs[key] = members.count + links.ends.count + pairRates.count
                pairRates.append(observation.rate)
            }
        }
        for direction in network.unreachable {
            guard let from = index[direction.from], let to = index[direction.to] else { continue }
            pairs[from * members.count + to] = Self.noWay
        }
        self.pairs = pairs
        let standard = DistributionNetwork.defaultRate
        capacities =
            members.enumerated().map { $1.uplink ?? max(standard, best.sent[$0]) } + links.capacities + pairRates
        intake = members.enumerated().map { host, member in
            let limits = [
                member.downlink ?? max(standard, best.received[host]), member.inboundCap, member.writeRate,
                member.sealRate,
            ]
            return limits.compactMap { $0 }.min() ?? standard
        }
        output = members.map { min($0.readRate ?? .infinity, $0.sealRate ?? .infinity) }
    }

    /// The link resource between two sites, or `free`, or `noWay`.
    func way(from: Int, to: Int) -> Int { ways[from * siteCount + to] }

    /// The resource of a pair of hosts, or `free`, or `noWay`.
    func pair(from: Int, to: Int) -> Int {
        pairs.isEmpty ? Self.free : pairs[from * count + to] ?? Self.free
    }

    func reaches(from: Int, to: Int) -> Bool {
        from != to && way(from: site[from], to: site[to]) != Self.noWay && pair(from: from, to: to) != Self.noWay
    }

    /// Calls `body` with each resource that an edge uses.
    func forEachResource(from: Int, to: Int, _ body: (Int) -> Void) {
        body(from)
        let link = way(from: site[from], to: site[to])
        if link >= 0 { body(link) }
        let pair = pair(from: from, to: to)
        if pair >= 0 { body(pair) }
    }
}
