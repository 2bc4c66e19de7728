import Model
import YAML

/// A table for people: columns with a key each, aligned by display width.
public struct Table: Sendable {
    /// One column.
    public struct Column: Sendable {
        /// What `--columns` calls it, lower case.
        public var key: String
        /// True for numbers.
        public var alignsRight: Bool
        /// True when only `-o wide` and `--columns` show it.
        public var isWideOnly: Bool

        /// Makes a column; its title is the key in capitals.
        public init(_ key: String, alignsRight: Bool = false, isWideOnly: Bool = false) {
            self.key = key
            self.alignsRight = alignsRight
            self.isWideOnly = isWideOnly
        }
    }

    /// Which columns to show and how.
    public struct Options: Sendable {
        /// Keys to show, in order; nil: those of the format.
        public var columns: [String]?
        /// Show the columns' titles.
        public var showsHeader = true
        /// Show the columns of `-o wide` as well.
        public var isWide: Bool

        /// The default options.
        public init(isWide: Bool = false) { self.isWide = isWide }
    }

    /// All columns that it can show.
    public let columns: [Column]
    private var rows: [[String]] = []

    /// An empty table.
    public init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row with a cell for each column; an empty cell is shown as `-`. Cells are plain text: control
    /// characters in them are shown as `?`.
    public mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "a row has a cell for each column")
        rows.append(cells.map { Validation.harmless($0).split(separator: "\n").joined(separator: " ") })
    }

    /// The table as lines, each ended with a newline and without spaces at its end. Throws when `options` names a
    /// column that isn't there.
    public func render(_ options: Options = .init()) throws(KVMCloneError) -> String {
        let chosen = try indices(options)
        var lines = rows.map { row in chosen.map { row[$0].isEmpty ? "-" : row[$0] } }
        if options.showsHeader { lines.insert(chosen.map { columns[$0].key.uppercased() }, at: 0) }
        let widths = chosen.indices.map { column in lines.map { DisplayWidth.of($0[column]) }.max() ?? 0 }
        return lines.map { cells in
            var line = cells.indices.map { index in
                DisplayWidth.pad(cells[index], to: widths[index], right: columns[chosen[index]].alignsRight)
            }.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    private func indices(_ options: Options) throws(KVMCloneError) -> [Int] {
        guard let names = options.columns else {
            return columns.indices.filter { options.isWide || !columns[$0].isWideOnly }
        }
        var chosen: [Int] = []
        for name in names {
            guard let index = columns.firstIndex(where: { $0.key == name.lowercased() }) else {
                let known = columns.map(\.key)
                throw KVMCloneError(
                    .validation, "there is no column '\(Validation.printable(name))'",
                    whatToDo: Advice.forWord(name, among: known), field: "columns")
            }
            chosen.append(index)
        }
        return chosen
    }
}
