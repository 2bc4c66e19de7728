import Logging

/// A swift-log handler that writes to a `LogSink`. Of the metadata, `operation`, `host` and `vm` come first.
public struct ConsoleLogHandler: LogHandler {
    /// The least severe level that is written.
    public var logLevel: Logger.Level
    /// What every record of this logger carries.
    public var metadata: Logger.Metadata = [:]
    /// Adds metadata from the surrounding task.
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let sink: LogSink

    /// A handler for the logger called `label`.
    public init(label: String, level: Logger.Level, sink: LogSink) {
        self.label = label
        logLevel = level
        self.sink = sink
    }

    /// One piece of the logger's metadata.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a record. Doesn't block.
    public func log(event: LogEvent) {
        var all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }
        all.merge(event.metadata ?? [:]) { $1 }
        sink.write(event.level, event.message.description, Self.ordered(all), label: label)
    }

    static func ordered(_ metadata: Logger.Metadata) -> [(key: String, value: String)] {
        let first = ["operation", "host", "vm"]
        let rest = metadata.keys.filter { !first.contains($0) }.sorted()
        return (first + rest).compactMap { key in metadata[key].map { (key, $0.description) } }
    }
}
