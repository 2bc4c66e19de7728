/// A tree that a pricing step came up with: what it uses of each row, and what it is worth keeping of it.
struct PricedColumn<Shape> {
    let shape: Shape
    let usage: [(resource: Int, count: Double)]
}

/// Column generation for tree packing: a linear program over the trees found so far, whose prices ask for the cheapest
/// tree, until no tree costs less than it earns. Prices of the program are smoothed towards the best ones known
/// (Wentges 1997). Any prices p >= 0 prove that no packing exceeds sum(capacity x price) / cost of the cheapest tree.
struct ColumnGeneration<Shape> {
    /// What no packing exceeds, in bytes per second.
    private(set) var bound: Double
    /// The sum of the rates of the best packing found.
    private(set) var rate = 0.0
    /// The trees of that packing with their rates.
    private(set) var packing: [(column: PricedColumn<Shape>, rate: Double)] = []

    /// Runs until rate and bound differ by less than `gap` of the bound, for at most `rounds` rounds. `capacities`
    /// have to be above zero. `cheapest` returns a tree of least cost under prices, or nil if there is none.
    /// The last row is the ceiling: every tree uses it once.
    init(
        capacities: [Double], gap: Double, rounds: Int, cheapest: (_ prices: [Double]) -> PricedColumn<Shape>?
    ) {
        let ceiling = capacities[capacities.count - 1]
        bound = ceiling
        let unit = ceiling
        // A trace of the price that makes resources equally scarce: ties go to what has most to spare.
        let even = capacities.map { 1e-7 / $0 }
        var program = PackingProgram(capacities: capacities)
        var columns: [PricedColumn<Shape>] = []
        var best = even
        for _ in 0..<rounds {
            program.solve()
            let solution = program.solution
            rate = solution.reduce(0, +) * unit
            guard bound - rate > gap * bound else { break }
            let trace = even.map { $0 * bound / ceiling }
            let exact = zip(program.prices, trace).map { $0 + $1 }
            let smooth = columns.isEmpty ? trace : zip(exact, best).map { 0.5 * $0 + 0.5 * $1 }
            var isNew = false
            for prices in columns.isEmpty ? [trace] : [smooth, exact] where !isNew {
                guard let column = cheapest(prices) else { return }
                let cost = column.usage.reduce(0) { $0 + $1.count * prices[$1.resource] }
                let proven = zip(capacities, prices).reduce(0) { $0 + $1.0 * $1.1 } / cost
                if proven < bound { (bound, best) = (proven, prices) }
                let price = column.usage.reduce(0) { $0 + $1.count * exact[$1.resource] }
                guard price < 1 / unit * (1 - 1e-9) || columns.isEmpty else { continue }
                isNew = true
                program.add(column.usage, unit: unit)
                columns.append(column)
            }
            guard isNew else { break }
        }
        program.solve()
        let solution = program.solution
        rate = solution.reduce(0, +) * unit
        packing = zip(columns, solution).filter { $0.1 > 0 }.map { ($0, $1 * unit) }
    }
}
