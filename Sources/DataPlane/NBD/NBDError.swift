/// Why an NBD server can't be used. Errors that it reports for single requests are `DiskError`s.
public struct NBDError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What a caller tells apart.
    public enum Kind: Sendable, Equatable {
        /// No connection could be made.
        case unreachable
        /// The server refused the export or an option that is needed.
        case refused
        /// The server answered what the protocol does not allow, or what was not asked for.
        case violation
        /// The connection ended.
        case disconnected
        /// No answer within the time limit.
        case timedOut
        /// The client was cancelled.
        case cancelled
    }

    /// What happened.
    public var kind: Kind
    /// The export.
    public var export: String
    /// The cause in words.
    public var detail: String

    init(_ kind: Kind, _ export: String, _ detail: String) {
        self.kind = kind
        self.export = export
        self.detail = detail
    }

    /// One line with the export and the cause.
    public var description: String { "NBD export \(PathError.printable(export)): \(detail)" }
}
