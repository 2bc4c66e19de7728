import Testing

@testable import Planner

@Suite("The linear program")
struct PackingProgramTests {
    private func solved(_ capacities: [Double], _ columns: [[Double]]) -> (values: [Double], prices: [Double]) {
        var program = PackingProgram(capacities: capacities)
        for column in columns {
            program.add(
                column.enumerated().filter { $0.element > 0 }.map { (resource: $0.offset, count: $0.element) }, unit: 1)
            // After each column: what was found before stays usable.
            let isSolved = program.solve()
            #expect(isSolved)
        }
        return (program.solution, program.prices)
    }

    @Test("finds the optimum of problems that one can solve by hand")
    func small() {
        // x + y with 2x + y <= 4, x + 2y <= 4: 4/3 each.
        let both = solved([4, 4], [[2, 1], [1, 2]])
        for value in both.values { #expect(abs(value - 4.0 / 3) < 1e-6) }
        for price in both.prices { #expect(abs(price - 1.0 / 3) < 1e-6) }
        // The second column is always better.
        #expect(abs(solved([6], [[3], [2]]).values[1] - 3) < 1e-6)
    }

    @Test("prices prove the optimum: what they add up to is what was found", arguments: UInt64(1)...50)
    func duality(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let capacities = (0..<8).map { _ in Double.random(in: 1...100, using: &random) }
        let columns = (0..<12).map { _ in
            (0..<8).map { $0 == 0 ? 1 : Double(Int.random(in: 0...4, using: &random)) }
        }
        let (values, prices) = solved(capacities, columns)
        let sum = values.reduce(0, +)
        #expect(abs(zip(capacities, prices).reduce(0) { $0 + $1.0 * $1.1 } / sum - 1) < 1e-6)
        for column in columns {
            #expect(zip(column, prices).reduce(0) { $0 + $1.0 * $1.1 } >= 1 - 1e-6)
        }
        for row in 0..<8 {
            #expect(zip(columns, values).reduce(0) { $0 + $1.0[row] * $1.1 } <= capacities[row] * (1 + 1e-6))
        }
    }

    @Test("weights are small whole numbers")
    func weights() {
        // Two paths, a b c and a c b: the first is worth what b sends, the second what c sends.
        let members = [
            NetworkMember("a", uplink: 4e6), NetworkMember("b", uplink: 3e6), NetworkMember("c", uplink: 1e6),
        ]
        let instance = Instance(
            DistributionRequest(
                network: DistributionNetwork(members: members), roots: ["a"], targets: ["b", "c"]))
        let trees = [DistributionTree(parents: [0, 1]), DistributionTree(parents: [2, 0])]
        let rates = StripeRates(trees, in: instance)
        let best = rates.best()
        #expect(abs(best[0] - 3e6) < 10 && abs(best[1] - 1e6) < 10)
        #expect(rates.weights(for: best) == [3, 1])
        #expect(abs(rates.rate(weights: [3, 1]) - 4e6) < 1)
        #expect(abs(rates.rate(weights: [1, 1]) - 2e6) < 1)
    }
}
