/// How a command shows its result on standard output.
public enum OutputFormat: String, Sendable, CaseIterable {
    /// Tables and sentences.
    case text
    /// Tables with all their columns.
    case wide
    /// One name per line.
    case name
    case json
    case yaml

    /// True when a program is the reader; errors are documents then, too.
    public var isDocument: Bool { self == .json || self == .yaml }
}
