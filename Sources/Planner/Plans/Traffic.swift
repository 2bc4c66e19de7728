/// Bytes that a payload moves through a network, as a plan has it. Bytes on the wire: what headers and compression
/// change isn't counted.
public struct Traffic: Sendable, Equatable, Codable {
    /// Bytes over one direction of a link between two sites.
    public struct Link: Sendable, Equatable, Codable {
        /// The direction.
        public let direction: DistributionNetwork.Direction
        /// The bytes.
        public let bytes: UInt64
    }

    /// Bytes of one host or site.
    public struct Amount: Sendable, Equatable, Codable {
        /// The host or site.
        public let name: String
        /// The bytes.
        public let bytes: UInt64
    }

    /// What crosses from site to site, by name of the direction; directions without traffic are left out.
    public let links: [Link]
    /// What comes into each site from others, by name.
    public let ingress: [Amount]
    /// What each host sends, by name; hosts that send nothing are left out.
    public let sent: [Amount]
}

extension DistributionPlan {
    /// What a payload of `bytes` bytes moves.
    public func traffic(bytes: UInt64) -> Traffic {
        let siteOf = Dictionary(uniqueKeysWithValues: request.network.members.map { ($0.name, $0.site) })
        var links: [DistributionNetwork.Direction: Double] = [:]
        var ingress: [String: Double] = [:]
        var sent: [String: Double] = [:]
        for cohort in cohorts {
            for stripe in cohort.stripes {
                let amount = stripe.share * Double(bytes)
                for edge in stripe.edges {
                    sent[edge.parent, default: 0] += amount
                    guard let from = siteOf[edge.parent] ?? nil, let to = siteOf[edge.child] ?? nil, from != to else {
                        continue
                    }
                    links[DistributionNetwork.Direction(from: from, to: to), default: 0] += amount
                    ingress[to, default: 0] += amount
                }
            }
        }
        func amounts(_ values: [String: Double]) -> [Traffic.Amount] {
            values.sorted { $0.key < $1.key }.map { Traffic.Amount(name: $0.key, bytes: Self.whole($0.value)) }
        }
        let crossing = links.sorted { ($0.key.from, $0.key.to) < ($1.key.from, $1.key.to) }
        return Traffic(
            links: crossing.map { Traffic.Link(direction: $0.key, bytes: Self.whole($0.value)) },
            ingress: amounts(ingress), sent: amounts(sent))
    }

    private static func whole(_ bytes: Double) -> UInt64 { UInt64(exactly: bytes.rounded()) ?? .max }
}
