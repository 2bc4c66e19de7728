/// A linear program of the form: maximize the sum of x under A x <= c, x >= 0, with A >= 0 and c > 0. Columns may be
/// added between solutions. Dense primal simplex on the condensed tableau, whose columns are the nonbasic variables.
struct PackingProgram {
    private enum Variable: Equatable {
        case column(Int)
        case slack(Int)
    }

    private let rows: Int
    private let scale: [Double]
    private var table: [[Double]]  // one array for each nonbasic variable
    private var right: [Double]
    private var gain: [Double] = []
    private var basis: [Variable]
    private var outside: [Variable] = []
    private var rowOfSlack: [Int?]
    private var columnOfSlack: [Int?]
    private(set) var columns = 0

    /// A program with no column yet. Rows are scaled by their capacity, and shifted by a hair so that it can't cycle.
    init(capacities: [Double]) {
        rows = capacities.count
        scale = capacities.map { 1 / $0 }
        table = []
        right = (0..<rows).map { (row: Int) -> Double in
            let shift = Double((row &* 7919) % 1009) / 1009
            return 1 + 1e-8 * shift
        }
        basis = (0..<rows).map { .slack($0) }
        rowOfSlack = (0..<rows).map { $0 }
        columnOfSlack = Array(repeating: nil, count: rows)
    }

    /// Adds a column; `unit` is a rate near the answer's size, by which the columns are scaled.
    mutating func add(_ usage: [(resource: Int, count: Double)], unit: Double) {
        var column = [Double](repeating: 0, count: rows)
        var value = 1.0
        for (row, count) in usage {
            let entry = count * unit * scale[row]
            if let at = rowOfSlack[row] {
                column[at] += entry
            } else if let at = columnOfSlack[row] {
                for inner in 0..<rows { column[inner] += entry * table[at][inner] }
                value += entry * gain[at]
            }
        }
        table.append(column)
        gain.append(value)
        outside.append(.column(columns))
        columns += 1
    }

    /// Pivots until nothing improves the sum. False if it gave up first, which leaves a feasible solution.
    @discardableResult
    mutating func solve(limit: Int = 20_000) -> Bool {
        for _ in 0..<limit {
            var enter = -1
            var best = 1e-10
            for at in gain.indices where gain[at] > best { (enter, best) = (at, gain[at]) }
            guard enter >= 0 else { return true }
            var leave = -1
            var least = Double.infinity
            for row in 0..<rows where table[enter][row] > 1e-8 {
                let ratio = right[row] / table[enter][row]
                if ratio < least { (leave, least) = (row, ratio) }
            }
            guard leave >= 0 else { return false }
            pivot(row: leave, column: enter)
        }
        return false
    }

    /// The rate of each column, in the unit that columns were added with.
    var solution: [Double] {
        var values = [Double](repeating: 0, count: columns)
        for (row, variable) in basis.enumerated() {
            if case .column(let at) = variable { values[at] = max(0, right[row]) }
        }
        return values
    }

    /// The price of each row: what one more unit of its capacity would add to the sum.
    var prices: [Double] {
        (0..<rows).map { row in columnOfSlack[row].map { max(0, -gain[$0]) * scale[row] } ?? 0 }
    }

    private mutating func pivot(row: Int, column: Int) {
        let entering = table[column]
        let inverse = 1 / entering[row]
        for at in table.indices where at != column {
            let factor = table[at][row] * inverse
            guard factor != 0 else { continue }
            for inner in 0..<rows { table[at][inner] -= factor * entering[inner] }
            table[at][row] = factor
            gain[at] -= factor * gain[column]
        }
        let step = right[row] * inverse
        for inner in 0..<rows {
            right[inner] -= step * entering[inner]
            table[column][inner] = -entering[inner] * inverse
        }
        right[row] = step
        table[column][row] = inverse
        gain[column] = -gain[column] * inverse
        swap(&basis[row], &outside[column])
        if case .slack(let slack) = basis[row] { (rowOfSlack[slack], columnOfSlack[slack]) = (row, nil) }
        if case .slack(let slack) = outside[column] { (rowOfSlack[slack], columnOfSlack[slack]) = (nil, column) }
    }
}
