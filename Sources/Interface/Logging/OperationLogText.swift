import FoundationEssentials
import Logging
import Model
import YAML

/// What is kept of an operation's course, for people and programs.
public struct OperationLogText: Sendable {
    private struct Line: Encodable {
        var number: Int
        var timestamp: String
        var level: String
        var message: String
        var metadata: [String: String]
    }

    private let format: OutputFormat
    private let level: Logger.Level
    private var start: OperationStart?

    /// A writer of `format`: one JSON object a line, items of one YAML list, else lines as in a log file. What is less
    /// severe than `level` is left out.
    public init(format: OutputFormat, level: Logger.Level = .info) {
        self.format = format
        self.level = level
    }

    /// The entries, each ended with a newline.
    public mutating func render(_ entries: [OperationLogEntry]) throws(KVMCloneError) -> String {
        var text = ""
        for entry in entries { text += try render(entry) }
        return text
    }

    private mutating func render(_ entry: OperationLogEntry) throws(KVMCloneError) -> String {
        let (level, message, metadata) = parts(entry.content)
        guard level >= self.level else { return "" }
        // Half a millisecond more, since formatting cuts off what is a hair below a whole one.
        let date = Date(timeIntervalSince1970: (Double(entry.time) + 0.5) / 1000)
        guard format.isDocument else {
            return LogFormat.text.line(
                level, message, ConsoleLogHandler.ordered(metadata.mapValues { .string($0) }), label: "", now: date)
        }
        let line = Line(
            number: entry.number, timestamp: Timestamp.utc(date), level: level.rawValue, message: message,
            metadata: metadata)
        guard format == .json else { return try DocumentText.render([line], as: format) }
        do {
            return try YAMLValue(encoding: line).json(pretty: false) + "\n"
        } catch {
            throw KVMCloneError(.general, "a log entry can't be written as JSON", cause: "\(error)")
        }
    }

    private mutating func parts(_ content: OperationLogEntry.Content) -> (Logger.Level, String, [String: String]) {
        switch content {
        case .record(let level, let message, let metadata):
            return (Logger.Level(name: level) ?? .info, message, metadata)
        case .event(let event):
            if case .started(let start) = event { self.start = start }
            // The level says already that it is a warning.
            if case .warning(let host, let message) = event {
                return (.warning, message, host.map { ["host": $0] } ?? [:])
            }
            return (Self.level(event), EventMessage.of(event, start: start), [:])
        }
    }

    private static func level(_ event: OperationEvent) -> Logger.Level {
        switch event {
        case .warning: .warning
        case .targetEnded(let outcome): outcome.error == nil ? .info : .error
        case .started, .phase, .progress, .ended: .info
        }
    }
}
