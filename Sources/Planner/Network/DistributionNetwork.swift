/// Who can send how much to whom. Hosts of one site, and hosts without a site, are held back by their own limits only.
/// Hosts of two sites use the link of these sites; where the network has links but none between two sites, their
/// hosts don't reach each other. A network without any link lets everyone reach everyone.
public struct DistributionNetwork: Sendable, Equatable, Codable {
    /// The rate of a network card or link of which nothing is known: 1 Gbit/s, in bytes per second.
    public static let defaultRate = 125e6

    /// What joins two sites. The capacity holds for each direction by itself.
    public struct SiteLink: Sendable, Equatable, Codable {
        /// One site.
        public var first: String
        /// The other site.
        public var second: String
        /// What may be used of it in each direction, in bytes per second. Unknown: `defaultRate`, unless observed.
        public var capacity: Double?

        /// A link made of its parts.
        public init(_ first: String, _ second: String, capacity: Double? = nil) {
            self.first = first
            self.second = second
            self.capacity = capacity
        }
    }

    /// A direction between two hosts, or between two sites.
    public struct Direction: Sendable, Hashable, Codable {
        /// Where the bytes come from.
        public var from: String
        /// Where they go.
        public var to: String

        /// A direction made of its parts.
        public init(from: String, to: String) {
            self.from = from
            self.to = to
        }
    }

    /// What a direction was seen to be able to carry: not what a budget or a slow disk let through.
    public struct Observation: Sendable, Equatable, Codable {
        /// Between which two.
        public var direction: Direction
        /// Bytes per second.
        public var rate: Double

        /// An observation made of its parts.
        public init(from: String, to: String, rate: Double) {
            direction = Direction(from: from, to: to)
            self.rate = rate
        }
    }

    /// The hosts: roots, targets, and any others, which the planner ignores.
    public var members: [NetworkMember]
    /// The links between sites.
    public var links: [SiteLink]
    /// Rates seen between two hosts. One caps its pair, and raises the default of a host whose figures aren't declared.
    public var observedHosts: [Observation]
    /// Rates seen between two sites. One holds instead of the default, and below a declared capacity.
    public var observedLinks: [Observation]
    /// Ordered pairs of hosts that were seen not to reach each other.
    public var unreachable: [Direction]

    /// A network made of its parts.
    public init(
        members: [NetworkMember], links: [SiteLink] = [], observedHosts: [Observation] = [],
        observedLinks: [Observation] = [], unreachable: [Direction] = []
    ) {
        self.members = members
        self.links = links
        self.observedHosts = observedHosts
        self.observedLinks = observedLinks
        self.unreachable = unreachable
    }

    /// True if `from` can open or accept a stream that sends to `to`. False for names that aren't members.
    public func reaches(from: String, to: String) -> Bool {
        guard let one = member(from), let other = member(to), from != to else { return false }
        guard !unreachable.contains(Direction(from: from, to: to)) else { return false }
        guard let a = one.site, let b = other.site, a != b, !links.isEmpty else { return true }
        return links.contains { ($0.first, $0.second) == (a, b) || ($0.first, $0.second) == (b, a) }
    }

    func member(_ name: String) -> NetworkMember? { members.first { $0.name == name } }
}
