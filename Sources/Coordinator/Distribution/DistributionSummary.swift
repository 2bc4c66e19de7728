import Model

/// How the data of a plan gets to its targets, and what may be expected of that. Rates are bytes per second, shares
/// 0 to 1. Its coded form is part of the interface: `--dry-run -o json` has it as `distribution`.
public struct DistributionSummary: Sendable, Equatable, Codable {
    /// A parent that sends and the child that receives.
    public struct Edge: Sendable, Hashable, Codable {
        /// Who sends.
        public var parent: String
        /// Who receives.
        public var child: String
    }

    /// One tree.
    public struct Stripe: Sendable, Equatable, Codable {
        /// Its part of the bytes.
        public var share: Double
        /// What it carries.
        public var rate: Double
        /// Hops from a host that has the data to the farthest target.
        public var depth: Int
        /// The tree, parents before children.
        public var edges: [Edge]
    }

    /// Targets that get the data at one rate.
    public struct Cohort: Sendable, Equatable, Codable {
        /// Its targets.
        public var targets: [String]
        /// The sum of the stripes' rates.
        public var rate: Double
        /// What the rate can't exceed, whatever the trees.
        public var bound: Double
        /// The part of the bound that is reached.
        public var share: Double
        /// Its trees, the heaviest first.
        public var stripes: [Stripe]
    }

    /// What one target may expect.
    public struct Target: Sendable, Equatable, Codable {
        /// The target.
        public var host: String
        /// What it gets.
        public var rate: Double
        /// Seconds until it has everything, without connecting and verifying.
        public var seconds: Double
    }

    /// Bytes in one direction between two sites.
    public struct Crossing: Sendable, Equatable, Codable {
        /// The site that they leave.
        public var from: String
        /// The site that they enter.
        public var to: String
        /// How many.
        public var bytes: UInt64
    }

    /// Bytes that come into a site from others.
    public struct Ingress: Sendable, Equatable, Codable {
        /// The site.
        public var site: String
        /// How many.
        public var bytes: UInt64
    }

    /// Bytes that a host sends.
    public struct Sent: Sendable, Equatable, Codable {
        /// The host.
        public var host: String
        /// How many.
        public var bytes: UInt64
    }

    /// What the topology tells.
    public struct Declared: Sendable, Equatable, Codable {
        /// Hosts whose uplink and downlink it has.
        public var hosts: [String]
        /// Links between sites with any figure: the two sites of each.
        public var links: [[String]]
    }

    /// What earlier operations have seen, and the forecast takes for a figure that the topology doesn't have.
    public struct Observed: Sendable, Equatable, Codable {
        /// The host or site that sends.
        public var from: String
        /// The host or site that receives.
        public var to: String
        /// True when these are sites, and this is the link between them.
        public var areSites: Bool
        /// The rate.
        public var rate: Double
        /// Seconds since it was last seen.
        public var age: Double
    }

    /// What the topology doesn't tell and nobody has seen, and the forecast assumes.
    public struct Assumed: Sendable, Equatable, Codable {
        /// The rate that is assumed.
        public var rate: Double
        /// Hosts whose uplink or downlink isn't known.
        public var hosts: [String]
        /// Links between sites without any figure: the two sites of each.
        public var links: [[String]]
    }

    /// The shape that was asked for.
    public var fanOut: CloneOptions.FanOut
    /// True when the source sends to every target itself.
    public var isStar: Bool
    /// The host that has the data.
    public var source: String
    /// Bytes to send to each target: what the disks hold, before compression.
    public var bytes: UInt64
    /// The rate of the slowest target from start to end; nil when there is no forecast.
    public var rate: Double?
    /// What that rate can't exceed, whatever the trees.
    public var bound: Double?
    /// The part of the bound that is reached.
    public var share: Double?
    /// The trees; empty when there is no forecast.
    public var cohorts: [Cohort]
    /// What each target may expect, in the order of the request.
    public var targets: [Target]
    /// What crosses from site to site.
    public var links: [Crossing]
    /// What comes into each site.
    public var ingress: [Ingress]
    /// What each host sends; hosts that send nothing are left out.
    public var sent: [Sent]
    /// Where the topology has figures.
    public var declared: Declared
    /// Where earlier operations have seen rates that stand for figures.
    public var observed: [Observed] = []
    /// Where figures are missing.
    public var assumed: Assumed
    /// What the operation is limited to at this time, or nil. Rates and times don't count it.
    public var bandwidthLimit: UInt64?
    /// What it is limited to by time of day, or nil when that doesn't matter.
    public var bandwidthTimetable: Timetable?
    /// Why it isn't as asked, or why there is no forecast.
    public var note: String?

    private enum CodingKeys: String, CodingKey {
        case fanOut, isStar, source, bytes, rate, bound, share, cohorts, targets, links, ingress, sent
        case declared, observed, assumed, bandwidthLimit, bandwidthTimetable, note
    }

    /// Encodes every key, also those without a value.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(fanOut, forKey: .fanOut)
        try values.encode(isStar, forKey: .isStar)
        try values.encode(source, forKey: .source)
        try values.encode(bytes, forKey: .bytes)
        try values.encode(rate, forKey: .rate)
        try values.encode(bound, forKey: .bound)
        try values.encode(share, forKey: .share)
        try values.encode(cohorts, forKey: .cohorts)
        try values.encode(targets, forKey: .targets)
        try values.encode(links, forKey: .links)
        try values.encode(ingress, forKey: .ingress)
        try values.encode(sent, forKey: .sent)
        try values.encode(declared, forKey: .declared)
        try values.encode(observed, forKey: .observed)
        try values.encode(assumed, forKey: .assumed)
        try values.encode(bandwidthLimit, forKey: .bandwidthLimit)
        try values.encode(bandwidthTimetable, forKey: .bandwidthTimetable)
        try values.encode(note, forKey: .note)
    }
}
