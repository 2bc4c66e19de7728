import Planner

/// Which streams of a job travel along which trees.
struct TreeLayout: Sendable, Equatable {
    /// One tree and the streams that it carries.
    struct Stripe: Sendable, Equatable {
        var streams: [UInt16]
        /// Who sends to whom: a parent for each target.
        var parents: [String: String]
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

    /// A cohort's trees over `streams` streams, at least one each, otherwise by weight.
    init(_ cohort: DistributionPlan.Cohort, streams: Int) {
        let shares = Self.divide(max(streams, cohort.stripes.count), by: cohort.stripes.map(\.weight))
        var next: UInt16 = 0
        stripes = zip(cohort.stripes, shares).map { stripe, count in
            defer { next += UInt16(count) }
            return Stripe(
                streams: Array(next..<(next + UInt16(count))),
                parents: Dictionary(stripe.edges.map { ($0.child, $0.parent) }) { first, _ in first })
        }
    }

    init(stripes: [Stripe]) { self.stripes = stripes }

    var streams: Int { stripes.reduce(0) { $0 + $1.streams.count } }

    /// True when some target is to pass something on.
    var hasRelays: Bool {
        stripes.contains { stripe in stripe.parents.values.contains { stripe.parents[$0] != nil } }
    }

    /// The links of each pair of a parent and a child, over all trees, in a fixed order.
    var edges: [(parent: String, child: String, streams: [UInt16])] {
        var streams: [DistributionEdge: [UInt16]] = [:]
        for stripe in stripes {
            for (child, parent) in stripe.parents {
                streams[DistributionEdge(parent: parent, child: child), default: []] += stripe.streams
            }
        }
        return streams.sorted { ($0.key.parent, $0.key.child) < ($1.key.parent, $1.key.child) }.map {
            ($0.key.parent, $0.key.child, $0.value.sorted())
        }
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

private struct DistributionEdge: Hashable {
    let parent: String
    let child: String
}
