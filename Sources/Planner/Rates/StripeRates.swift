/// Rates for a few given trees.
struct StripeRates {
    private let usages: [[(resource: Int, count: Double)]]
    private let capacities: [Double]
    private let ceiling: Double

    init(_ trees: [DistributionTree], in instance: Instance) {
        // With several roots, what each of them reads and seals counts for the trees that it has children in.
        let outputs = instance.roots.map { instance.graph.output[$0] }
        let count = instance.capacities.count
        usages = trees.map { tree in
            let parents = Set(tree.parents)
            let origins = instance.roots.indices.filter {
                outputs[$0] < .infinity && parents.contains(instance.roots[$0])
            }
            return tree.usage(in: instance) + origins.map { (resource: count + $0, count: 1) }
        }
        capacities = instance.capacities + outputs
        ceiling = instance.ceiling
    }

    /// The rates of greatest sum, by the exact linear program.
    func best() -> [Double] {
        guard ceiling > 0 else { return usages.map { _ in 0 } }
        let used = Set(usages.joined().map(\.resource)).sorted()
        var rowOf = [Int](repeating: -1, count: capacities.count)
        for (row, resource) in used.enumerated() { rowOf[resource] = row }
        let floor = ceiling * 1e-6
        var program = PackingProgram(capacities: used.map { max(floor, capacities[$0]) } + [ceiling])
        for usage in usages {
            program.add(usage.map { (rowOf[$0.resource], $0.count) } + [(used.count, 1)], unit: ceiling)
        }
        program.solve()
        return program.solution.map { $0 * ceiling }
    }

    /// The greatest sum of rates when the trees share it in the proportion of `weights`.
    func rate(weights: [Int]) -> Double {
        let sum = Double(weights.reduce(0, +))
        var load = [Double](repeating: 0, count: capacities.count)
        for (usage, weight) in zip(usages, weights) {
            for (resource, count) in usage { load[resource] += count * Double(weight) / sum }
        }
        var rate = ceiling
        for (resource, used) in load.enumerated() where used > 0 { rate = min(rate, capacities[resource] / used) }
        return max(0, rate)
    }

    /// Small whole weights for rates: the fewest parts that lose at most 0.2 % of what the rates reach.
    func weights(for rates: [Double], mostParts: Int = 128) -> [Int] {
        let sum = rates.reduce(0, +)
        guard sum > 0 else { return rates.map { _ in 1 } }
        var best = (weights: rates.map { _ in 1 }, rate: -1.0)
        for parts in rates.count...max(mostParts, rates.count) {
            let weights = Self.apportion(rates.map { $0 / sum * Double(parts) }, parts: parts)
            guard weights.allSatisfy({ $0 > 0 }) else { continue }
            let rate = rate(weights: weights)
            if rate > best.rate { best = (weights, rate) }
            if rate >= sum * 0.998 { break }
        }
        return best.weights
    }

    /// Whole numbers of the given sum nearest to `quotas`: the largest remainders are rounded up.
    private static func apportion(_ quotas: [Double], parts: Int) -> [Int] {
        var whole = quotas.map { Int($0.rounded(.down)) }
        let order = quotas.indices.sorted {
            (quotas[$0] - Double(whole[$0]), $1) > (quotas[$1] - Double(whole[$1]), $0)
        }
        for at in order.prefix(max(0, parts - whole.reduce(0, +))) { whole[at] += 1 }
        return whole
    }
}
