/// Plans cohorts one after the other, each in what the ones before it leave.
struct CohortPlanner {
    /// The most targets for which a matrix of all pairs is made.
    private static let mostDense = 1000

    let graph: ResourceGraph
    let request: DistributionRequest
    let roots: [Int]

    /// A cohort with its trees.
    struct Planned {
        var instance: Instance
        var stripes: StripeCandidate
        var rate: Double
        var rateAlone: Double
        var bound: Double
    }

    /// Plans `cohorts`, the fastest first. If what the fast ones leave is too little for the slow ones, these are
    /// planned first, unless that costs the fastest more than a tenth.
    func plan(_ cohorts: [[Int]]) throws(PlanError) -> [Planned] {
        let order = Array(cohorts.indices)
        let fast = try plan(cohorts, order: order)
        let isStarved = fast.contains { $0.rate < 0.9 * $0.rateAlone }
        guard cohorts.count > 1, isStarved else { return fast }
        let slow = try plan(cohorts, order: order.reversed())
        return slow[0].rate >= 0.9 * fast[0].rate ? slow : fast
    }

    private func plan(_ cohorts: [[Int]], order: [Int]) throws(PlanError) -> [Planned] {
        var left = graph.capacities
        var planned: [Int: Planned] = [:]
        for at in order {
            let feeders = request.fanOut == .star ? roots : roots + cohorts[..<at].joined()
            let whole = Instance(graph: graph, roots: feeders, targets: cohorts[at])
            var within = whole
            within.capacities = left
            let next = try cohort(within, whole)
            for (tree, weight) in zip(next.stripes.trees, next.stripes.weights) {
                let rate = next.rate * Double(weight) / Double(next.stripes.weights.reduce(0, +))
                for (resource, count) in tree.usage(in: whole) {
                    left[resource] = max(0, left[resource] - count * rate)
                }
            }
            planned[at] = next
        }
        return cohorts.indices.compactMap { planned[$0] }
    }

    /// Trees for what is left. Where that is next to nothing, trees for the time when the others are done.
    private func cohort(_ within: Instance, _ whole: Instance) throws(PlanError) -> Planned {
        let (later, alone) = try trees(whole)
        guard within.capacities != whole.capacities else {
            return Planned(instance: whole, stripes: later, rate: later.rate, rateAlone: later.rate, bound: alone)
        }
        guard within.ceiling > 0.01 * alone else {
            let rate = StripeRates(later.trees, in: within).rate(weights: later.weights)
            return Planned(instance: whole, stripes: later, rate: rate, rateAlone: later.rate, bound: within.ceiling)
        }
        let (stripes, bound) = try trees(within)
        let chosen = stripes.rate < 0.25 * alone ? later : stripes
        return Planned(
            instance: whole, stripes: chosen,
            rate: StripeRates(chosen.trees, in: within).rate(weights: chosen.weights),
            rateAlone: StripeRates(chosen.trees, in: whole).rate(weights: chosen.weights), bound: bound)
    }

    private func trees(_ instance: Instance) throws(PlanError) -> (StripeCandidate, bound: Double) {
        let search = StripeSearch(instance)
        let units = request.payload.map(DistributionPlan.units)
        var candidates: [StripeCandidate] = []
        switch request.fanOut {
        case .star: candidates = [shape(try FixedShapes.star(instance), instance)]
        case .chain: candidates = [shape(try FixedShapes.chain(instance), instance)]
        case .tree: candidates = search.candidates(most: 1)
        case .auto: candidates = search.candidates(most: request.mostStripes)
        }
        if candidates.isEmpty {
            let isSmall = instance.targets.count <= Self.mostDense
            let plain = isSmall ? HostPacking(instance).plainTree() : Reachability.tree(instance)
            if let plain { candidates.append(shape(plain, instance)) }
        }
        guard let best = StripeSearch.choose(candidates, units: units) else {
            throw .unreachable(instance.targets.map { graph.names[$0] })
        }
        return (best, search.bound)
    }

    private func shape(_ tree: DistributionTree, _ instance: Instance) -> StripeCandidate {
        StripeCandidate([tree], in: instance, least: 0)
    }
}
