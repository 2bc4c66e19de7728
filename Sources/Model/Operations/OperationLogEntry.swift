/// One entry of what is kept of an operation's course: a log record, or an event.
public struct OperationLogEntry: Sendable, Codable, Equatable {
    /// What the entry holds.
    public enum Content: Sendable, Codable, Equatable {
        /// A log record; the level is one of swift-log's names.
        case record(level: String, message: String, metadata: [String: String])
        /// An event, other than progress.
        case event(OperationEvent)
    }

    /// Its place: later entries of an operation have higher numbers. 0 before it is stored.
    public var number: Int
    /// Milliseconds since 1970.
    public var time: Int64
    /// What it holds.
    public var content: Content

    /// Makes an entry from its parts.
    public init(number: Int = 0, time: Int64, content: Content) {
        self.number = number
        self.time = time
        self.content = content
    }
}
