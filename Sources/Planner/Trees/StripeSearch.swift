/// Looks for at most eight trees that come close to the optimum.
struct StripeSearch {
    /// The most stripes of a cohort.
    static let mostStripes = 8
    /// A stripe carries at least this share of its cohort's rate.
    static let leastShare = 0.05
    /// Depths up to this one are as good as any.
    static let goodDepth = 6
    /// With limits on pairs of hosts, up to this many targets are solved for host by host.
    static let mostExactTargets = 64
    /// The share of the rate that fewer or shallower stripes may cost.
    static let tolerance = 0.01

    private let instance: Instance
    private let packer: SlotPacker
    private let patterns: [(entries: [Int], rate: Double)]
    private let hostTrees: [DistributionTree]
    /// What no packing exceeds.
    let bound: Double

    init(_ instance: Instance) {
        self.instance = instance
        packer = SlotPacker(instance)
        let sites = SitePacking(instance).solve(gap: 1e-4)
        if instance.graph.hasPairs, instance.targets.count <= Self.mostExactTargets {
            let hosts = HostPacking(instance).solve(gap: 1e-3, rounds: 400)
            bound = min(sites.bound, hosts.bound)
            hostTrees = hosts.packing.sorted { ($0.rate, 0) > ($1.rate, 0) }.map(\.column.shape)
        } else {
            (bound, hostTrees) = (sites.bound, [])
        }
        patterns = sites.packing.map { ($0.column.shape, $0.rate) }.sorted { ($0.rate, 0) > ($1.rate, 0) }
    }

    /// Candidates with 1 to `most` stripes. Empty if no tree was found.
    func candidates(most: Int) -> [StripeCandidate] {
        guard !patterns.isEmpty else { return [] }
        var found: [StripeCandidate] = []
        for count in 1...most {
            guard let trees = pack(shares: shares(count)) else { continue }
            found.append(improve(StripeCandidate(trees, in: instance, least: Self.leastShare), most: count))
        }
        if !hostTrees.isEmpty {
            let trees = Array(hostTrees.prefix(most))
            found.append(improve(StripeCandidate(trees, in: instance, least: Self.leastShare), most: most))
        }
        return found
    }

    /// The best of `candidates`: shallow, then few stripes, among those that are within the tolerance of the fastest.
    static func choose(_ candidates: [StripeCandidate], units: UInt64?) -> StripeCandidate? {
        let scores = candidates.map { $0.score(units: units) }
        guard let best = scores.max() else { return nil }
        let good = candidates.indices.filter { scores[$0] >= best * (1 - tolerance) }
        let first = good.min { one, other in
            let (a, b) = (candidates[one], candidates[other])
            return (max(a.depth, goodDepth), a.trees.count, -scores[one], one)
                < (max(b.depth, goodDepth), b.trees.count, -scores[other], other)
        }
        return first.map { candidates[$0] }
    }

    /// Shares of `count` stripes: the site patterns of the optimum, each cut into stripes of about the same rate.
    private func shares(_ count: Int) -> [(share: Double, entries: [Int])] {
        let used = patterns.prefix(count)
        let sum = used.reduce(0) { $0 + $1.rate }
        var parts = used.map { _ in 1 }
        for _ in used.count..<count {
            let at = parts.indices.max { used[$0].rate / Double(parts[$0]) < used[$1].rate / Double(parts[$1]) } ?? 0
            parts[at] += 1
        }
        let stripes = zip(used, parts).flatMap { pattern, parts in
            (0..<parts).map { _ in (share: pattern.rate / sum / Double(parts), entries: pattern.entries) }
        }
        return stripes.enumerated().sorted { ($0.element.share, $1.offset) > ($1.element.share, $0.offset) }
            .map(\.element)
    }

    /// Trees for the shares at the greatest rate at which the packer finds some.
    private func pack(shares: [(share: Double, entries: [Int])]) -> [DistributionTree]? {
        search { rate in
            packer.pack(shares.map { SlotPacker.Order(rate: $0.share * rate, entries: $0.entries) })
        }
    }

    private func search(_ attempt: (Double) -> [DistributionTree]?) -> [DistributionTree]? {
        if let trees = attempt(bound) { return trees }
        var (low, high) = (0.0, 1.0)
        var found: [DistributionTree]?
        for _ in 0..<12 {
            let middle = found == nil && low == 0 ? high / 2 : (low + high) / 2
            if let trees = attempt(bound * middle) {
                (found, low) = (trees, middle)
            } else {
                high = middle
            }
        }
        return found
    }

    /// Takes one stripe at a time out and builds it again in what the others leave, as long as that gains something.
    private func improve(_ start: StripeCandidate, most: Int) -> StripeCandidate {
        var best = start
        let rounds = instance.targets.count <= 128 ? 3 : 1
        for _ in 0..<rounds {
            var hasGained = false
            for at in 0..<most {
                guard best.rate < bound * 0.998 else { return best }
                let next = rebuilt(best, without: at)
                guard let next, next.rate > best.rate * 1.0005 else { continue }
                best = next
                hasGained = true
            }
            guard hasGained else { break }
        }
        return best
    }

    private func rebuilt(_ candidate: StripeCandidate, without at: Int) -> StripeCandidate? {
        var rest = candidate.trees
        var weights = candidate.weights
        let sum = Double(weights.reduce(0, +))
        if at < rest.count {
            rest.remove(at: at)
            weights.remove(at: at)
        }
        var left = instance
        let rates = weights.map { Double($0) / sum * candidate.rate }
        for (tree, rate) in zip(rest, rates) {
            for (resource, count) in tree.usage(in: instance) { left.capacities[resource] -= count * rate }
        }
        left.capacities = left.capacities.map { max(0, $0) }
        let packer = SlotPacker(left)
        var best: StripeCandidate?
        for pattern in patterns.prefix(3) {
            let trees = search { rate in packer.pack([SlotPacker.Order(rate: rate, entries: pattern.entries)]) }
            guard let trees else { continue }
            let next = StripeCandidate(rest + trees, in: instance, least: Self.leastShare)
            if next.rate > best?.rate ?? 0 { best = next }
        }
        return best
    }
}
