import ArgumentParser
import Interface

struct TableOptions: ParsableArguments {
    @Option(help: .init("Columns to show, separated by commas.", valueName: "names"))
    var columns: String?

    @Flag(help: "Leave the columns' titles out.")
    var noHeader = false

    /// How a table looks under these options.
    func table(for output: OutputFormat) -> Table.Options {
        var options = Table.Options(isWide: output == .wide)
        options.columns = columns.map { $0.split(separator: ",").map(String.init) }
        options.showsHeader = !noHeader
        return options
    }
}
