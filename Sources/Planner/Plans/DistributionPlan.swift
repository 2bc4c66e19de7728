/// Trees for every target, and what they are worth. A value: equal requests have equal plans.
public struct DistributionPlan: Sendable, Equatable, Codable {
    /// A parent that sends and the child that receives.
    public struct Edge: Sendable, Hashable, Codable {
        /// Who sends.
        public let parent: String
        /// Who receives.
        public let child: String

        /// An edge made of its parts.
        public init(parent: String, child: String) {
            self.parent = parent
            self.child = child
        }
    }

    /// One tree, which carries a share of the units of work to every target of its cohort.
    public struct Stripe: Sendable, Equatable, Codable {
        /// Its part of the cohort's units: this much of the sum of all weights.
        public let weight: Int
        /// Its part of the cohort's bytes, 0 to 1.
        public let share: Double
        /// What it carries, in bytes per second.
        public let rate: Double
        /// Hops from a root to the farthest target.
        public let depth: Int
        /// The tree, parents before children.
        public let edges: [Edge]

        /// Who sends to `child`, or nil.
        public func parent(of child: String) -> String? { edges.first { $0.child == child }?.parent }

        /// Whom `parent` sends to, in order.
        public func children(of parent: String) -> [String] { edges.filter { $0.parent == parent }.map(\.child) }
    }

    /// Targets that get the data at one rate.
    public struct Cohort: Sendable, Equatable, Codable {
        /// Its targets, in the order of the request.
        public let targets: [String]
        /// Hosts that may be roots of its trees: the request's roots, and targets of faster cohorts, which read back
        /// from their disks what the cohort has yet to get.
        public let feeders: [String]
        /// Its trees, the heaviest first.
        public let stripes: [Stripe]
        /// The sum of the stripes' rates beside the other cohorts, in bytes per second. May be 0 if those leave
        /// nothing.
        public let rate: Double
        /// The same once the faster cohorts are done.
        public let rateAlone: Double
        /// What `rate` can't exceed, whatever the trees, given what the cohorts planned before leave.
        public let bound: Double

        /// The share of the bound that is reached, 0 to 1.
        public var share: Double { bound > 0 ? min(1, rate / bound) : 0 }

        /// Which stripe carries which unit.
        public var schedule: StripeSchedule { StripeSchedule(checked: stripes.map { max(1, $0.weight) }) }
    }

    /// What was asked for.
    public let request: DistributionRequest
    /// The cohorts, the fastest first.
    public let cohorts: [Cohort]
    /// The rate that all targets together can't exceed if all get the data at the same rate: a payload takes at least
    /// payload / bound until the last target has it.
    public let bound: Double

    /// The rate of the slowest target on the average, from start to end: payload over time without what pipes hold.
    public var rate: Double {
        let slowest = finishTimes(payload: 1).max() ?? 0
        return slowest > 0 && slowest.isFinite ? 1 / slowest : 0
    }

    /// The share of the bound that is reached, 0 to 1.
    public var share: Double { bound > 0 ? min(1, rate / bound) : 0 }

    /// The cohort of a target, by its place in `cohorts`.
    public func cohort(of target: String) -> Int? { cohorts.firstIndex { $0.targets.contains(target) } }
}
