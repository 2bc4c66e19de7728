import Planner

/// Which streams of a job travel along which trees.
struct TreeLayout: Sendable, Equatable {
    /// One tree and the streams that it carries.
    struct Stripe: Sendable, Equatable {
        var streams: [UInt16]
        /// Who sends to whom: a parent for each target.
        var parents: [String: String]
        /// Its place in the plan.
        var cohort = 0
        var number = 0

        /// Slow targets hold nobody up: they lack what they have no time for.
        var mayLag: Bool { cohort > 0 }
    }

    var stripes: [Stripe]

    /// Every target gets all streams from the source.
    static func star(source: String, targets: [String], streams: Int) -> TreeLayout {
        TreeLayout(stripes: [
            Stripe(
                streams: Array(0..<UInt16(streams)),
                parents: Dictionary(targets.map { ($0, source) }) { first, _ in first })
        ])
    }

    /// The trees of each cohort over the same streams: at least one for each tree, otherwise by weight.
    init(_ plan: DistributionPlan, streams: Int) {
        let count = max(streams, Self.leastStreams(plan))
        stripes = []
        for (place, cohort) in plan.cohorts.enumerated() {
            let shares = Self.divide(count, by: cohort.stripes.map(\.weight))
            var next: UInt16 = 0
            for (number, (stripe, share)) in zip(cohort.stripes, shares).enumerated() {
                stripes.append(
                    Stripe(
                        streams: Array(next..<(next + UInt16(share))),
                        parents: Dictionary(stripe.edges.map { ($0.child, $0.parent) }) { first, _ in first },
                        cohort: place, number: number))
                next += UInt16(share)
            }
        }
    }

    private init(stripes: [Stripe]) { self.stripes = stripes }

    /// Streams that a plan needs.
    static func leastStreams(_ plan: DistributionPlan) -> Int { plan.cohorts.map(\.stripes.count).max() ?? 1 }

    var streams: Int { stripes.reduce(0) { $1.cohort == 0 ? $0 + $1.streams.count : $0 } }

    /// True when some target is to pass something on.
    var hasRelays: Bool {
        stripes.contains { stripe in stripe.parents.values.contains { stripe.parents[$0] != nil } }
    }

    /// The links of each pair of a parent and a child, over all trees, in a fixed order.
    var edges: [Edge] {
        var edges: [DistributionPlan.Edge: Edge] = [:]
        for (number, stripe) in stripes.enumerated() {
            for (child, parent) in stripe.parents {
                let pair = DistributionPlan.Edge(parent: parent, child: child)
                let new = Edge(parent: parent, child: child, streams: [], stripes: [])
                edges[pair, default: new].streams += stripe.streams
                edges[pair, default: new].stripes.append(number)
            }
        }
        return edges.values.sorted { ($0.parent, $0.child) < ($1.parent, $1.child) }
    }

    /// A parent, a child, and what goes on between them.
    struct Edge: Sendable, Equatable {
        var parent: String
        var child: String
        var streams: [UInt16]
        /// Where it stands in `TreeLayout.stripes`.
        var stripes: [Int]
    }

    /// Divides `count` by weights: at least one each, the rest to whoever is farthest below its share.
    static func divide(_ count: Int, by weights: [Int]) -> [Int] {
        var shares = weights.map { _ in 1 }
        let sum = Double(max(1, weights.reduce(0, +)))
        for _ in 0..<max(0, count - weights.count) {
            let lacking = weights.indices.max { one, other in
                let (a, b) = (lack(one), lack(other))
                return a == b ? one > other : a < b
            }
            if let lacking { shares[lacking] += 1 }
        }
        func lack(_ index: Int) -> Double { Double(weights[index]) / sum * Double(count) - Double(shares[index]) }
        return shares
    }
}
