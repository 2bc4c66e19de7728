import ArgumentParser
import Interface

/// The options that stand before or after any command.
struct GlobalOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: .init("Read this configuration in place of the user's.", valueName: "file"))
    var config: String?

    @Option(name: .shortAndLong, help: .init("The topology file with the hosts.", valueName: "file"))
    var topology: String?

    @Option(name: .shortAndLong, help: "How results are shown.")
    var output: OutputFormat?

    @Flag(name: .shortAndLong, help: "Show no progress, and log errors only.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Log details.")
    var verbose = false

    @Flag(help: "Answer questions with yes.")
    var yes = false

    @Flag(help: "Never ask.")
    var noInput = false

    @Option(help: "When to use colours.")
    var color = ColorChoice.auto

    @Option(help: "How progress is shown on standard error.")
    var progress = ProgressChoice.auto

    @Option(help: .init("Also write events to this file, as JSON lines.", valueName: "file"))
    var eventsFile: String?

    @Option(help: .init("DEBUG, INFO, WARN or ERROR.", valueName: "level"))
    var logLevel: String?

    @Option(help: "How log records are written.")
    var logFormat = LogFormat.text

    func validate() throws {
        guard !(quiet && verbose) else { throw ValidationError("--quiet and --verbose exclude each other.") }
    }
}

enum ProgressChoice: String, CaseIterable, ExpressibleByArgument {
    case auto, tty, plain, jsonl, none
}

extension OutputFormat: ExpressibleByArgument {}
extension ColorChoice: ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}
