/// In which cell of a grid each site stands: a centre with the others around it, a ring, or rows.
struct SiteGrid {
    struct Cell: Hashable {
        var column: Int
        var row: Int
    }

    let cells: [Cell]

    init(count: Int, links: [(Int, Int)]) {
        if let hub = Self.hub(count, links), let around = Self.around[count - 1] {
            let others = (0..<count).filter { $0 != hub }
            var cells = [Cell](repeating: Self.middle[count - 1] ?? Cell(column: 1, row: 1), count: count)
            for (site, cell) in zip(others, around) { cells[site] = cell }
            self.cells = cells
        } else {
            let (columns, rows) = Self.size(count)
            cells = count <= 12 ? Self.edge(columns, rows, count) : Self.rows(columns, count)
        }
    }

    /// The site that joins all others, if one does and they have few links among themselves.
    private static func hub(_ count: Int, _ links: [(Int, Int)]) -> Int? {
        guard count > 2 else { return nil }
        var degrees = [Int](repeating: 0, count: count)
        for (first, second) in links {
            degrees[first] += 1
            degrees[second] += 1
        }
        let others = links.count - (count - 1)
        return others < (count - 1) / 2 ? degrees.firstIndex(of: count - 1) : nil
    }

    /// Cells for the sites around a hub, by their number.
    private static let around: [Int: [Cell]] = [
        2: [Cell(column: 0, row: 0), Cell(column: 2, row: 0)],
        3: [Cell(column: 1, row: 0), Cell(column: 0, row: 1), Cell(column: 2, row: 1)],
        4: [
            Cell(column: 1, row: 0), Cell(column: 2, row: 1), Cell(column: 1, row: 2), Cell(column: 0, row: 1),
        ],
        5: Array(edge(3, 3, 8).prefix(5)), 6: Array(edge(3, 3, 8).prefix(6)), 7: Array(edge(3, 3, 8).prefix(7)),
        8: edge(3, 3, 8),
    ]
    private static let middle: [Int: Cell] = [2: Cell(column: 1, row: 0)]

    /// About as many columns as rows; at most twelve sites all find room on the edge.
    private static func size(_ count: Int) -> (columns: Int, rows: Int) {
        switch count {
        case ...2: return (max(1, count), 1)
        case 3, 4: return (2, 2)
        case 5, 6: return (3, 2)
        case 7, 8: return (3, 3)
        case 9, 10: return (4, 3)
        case 11, 12: return (4, 4)
        default:
            var columns = 1
            while columns * columns < count { columns += 1 }
            return (columns, (count + columns - 1) / columns)
        }
    }

    /// The cells of a grid's edge, clockwise from the top left.
    private static func edge(_ columns: Int, _ rows: Int, _ count: Int) -> [Cell] {
        var cells = (0..<columns).map { Cell(column: $0, row: 0) }
        if rows > 1 {
            cells += (1..<rows).map { Cell(column: columns - 1, row: $0) }
            cells += (0..<(columns - 1)).reversed().map { Cell(column: $0, row: rows - 1) }
            cells += (1..<max(1, rows - 1)).reversed().map { Cell(column: 0, row: $0) }
        }
        return Array(cells.prefix(count))
    }

    private static func rows(_ columns: Int, _ count: Int) -> [Cell] {
        (0..<count).map { place in
            let row = place / columns
            // Back and forth, so that neighbours in the list are neighbours in the picture.
            return Cell(column: row % 2 == 0 ? place % columns : columns - 1 - place % columns, row: row)
        }
    }
}
