import Planner

/// SplitMix64 (Steele, Lea, Flood 2014).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// Networks of unlike hosts, each from its seed.
enum RandomNetwork {
    static let cards = [1.25e6, 12.5e6, 125e6, 125e6, 312.5e6, 1.25e9, 1.25e9, 3.125e9]
    static let wans = [1.25e6, 6.25e6, 12.5e6, 62.5e6, 125e6, 1.25e9]

    /// `count` hosts, the first of which is the source, in 1 to 4 sites that are joined by a tree of links and some
    /// more.
    static func request(seed: UInt64, hosts count: Int? = nil) -> DistributionRequest {
        var random = SplitMix64(state: seed)
        let count = count ?? Int.random(in: 4...64, using: &random)
        let sites = Int.random(in: 1...4, using: &random)
        let isMixed = Bool.random(using: &random)
        // With ample downlinks, uplinks and links decide; otherwise it is often the slowest target.
        let isAmple = Int.random(in: 0..<3, using: &random) > 0
        let common = pick(cards, &random)
        let members = (0..<count).map { host in
            let up = isMixed ? pick(cards, &random) : common
            let hasSame = Int.random(in: 0..<4, using: &random) > 0
            let down = hasSame ? up : pick(cards, &random)
            return NetworkMember(
                "h\(host)", site: "s\(host < sites ? host : Int.random(in: 0..<sites, using: &random))", uplink: up,
                downlink: isAmple ? 3.125e9 : down)
        }
        var links: [DistributionNetwork.SiteLink] = []
        for site in 0..<sites {
            for other in 0..<site where other == site - 1 || Int.random(in: 0..<2, using: &random) == 0 {
                links.append(.init("s\(other)", "s\(site)", capacity: pick(isAmple ? cards : wans, &random)))
            }
        }
        let network = DistributionNetwork(members: members, links: links)
        return DistributionRequest(network: network, roots: ["h0"], targets: members.dropFirst().map(\.name))
    }

    private static func pick(_ values: [Double], _ random: inout SplitMix64) -> Double {
        values[Int.random(in: 0..<values.count, using: &random)] * Double.random(in: 0.7...1, using: &random)
    }
}
