/// A set of trees with whole weights, and what it is worth.
struct StripeCandidate: Sendable {
    var trees: [DistributionTree]
    var weights: [Int]
    /// The sum of the stripes' rates, with these weights.
    var rate: Double
    var depth: Int

    /// Rates and weights for trees. Trees that would carry less than `least` of the sum are dropped, and the others
    /// solved for again.
    init(_ trees: [DistributionTree], in instance: Instance, least: Double) {
        var kept = trees
        var rates: [Double] = []
        while true {
            let solver = StripeRates(kept, in: instance)
            rates = solver.best()
            let sum = rates.reduce(0, +)
            let strong = kept.indices.filter { rates[$0] >= sum * least && rates[$0] > 0 }
            if strong.count == kept.count || strong.isEmpty {
                weights = solver.weights(for: rates)
                rate = solver.rate(weights: weights)
                break
            }
            kept = strong.map { kept[$0] }
        }
        self.trees = kept
        depth = kept.map { $0.depths(in: instance).max() ?? 0 }.max() ?? 0
    }

    /// The rate, less what is lost when `units` units of work don't divide by the weights.
    func score(units: UInt64?) -> Double {
        guard let units, units > 0 else { return rate }
        let counts = StripeSchedule(checked: weights).counts(ofFirst: units)
        let sum = Double(weights.reduce(0, +))
        let worst = zip(counts, weights).map { Double($0) / Double(units) / (Double($1) / sum) }.max() ?? 1
        return rate / max(1, worst)
    }
}
