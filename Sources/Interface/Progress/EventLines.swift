import FoundationEssentials
import Model
import YAML

/// Writes events as JSON lines: the first is `version`, each has `type`, `timestamp`, `operation` and a readable
/// `message`. New keys and types may come within version 1; a reader ignores those that it doesn't know.
public struct EventLines: Sendable {
    /// The version of the lines' format.
    public static let version = 1
    private let operation: OperationID
    private var lastProgress: Double?
    private var skipped: OperationEvent?
    private var start: OperationStart?

    /// A writer for one operation.
    public init(operation: OperationID) { self.operation = operation }

    /// The line that comes before all others.
    public func first(now: Date) -> String {
        line(
            "version", now: now, message: "kvm-clone events, version \(Self.version)",
            [.init("version", .integer(Int64(Self.version)))])
    }

    /// The lines for `event`, each with its newline. Of progress there are at most ten lines a second; the last one
    /// before another event is always written. `seconds` counts monotonically from any start.
    public mutating func lines(for event: OperationEvent, now: Date, seconds: Double) -> String {
        if case .started(let start) = event { self.start = start }
        guard case .progress = event else {
            defer { skipped = nil }
            return (skipped.map { text($0, now: now) } ?? "") + text(event, now: now)
        }
        if let lastProgress, seconds - lastProgress < 0.1 {
            skipped = event
            return ""
        }
        lastProgress = seconds
        skipped = nil
        return text(event, now: now)
    }

    private func text(_ event: OperationEvent, now: Date) -> String {
        let message = EventMessage.of(event, start: start)
        switch event {
        case .started(let start): return line("started", now: now, message: message, payload(start))
        case .phase(let host, let phase, let detail):
            let fields: [YAMLValue.Field] = [.init("host", .string(host)), .init("phase", .string(phase.rawValue))]
            let more = detail.map { [YAMLValue.Field("detail", .string($0))] } ?? []
            return line("phase", now: now, message: message, fields + more)
        case .progress(let snapshot): return line("progress", now: now, message: message, payload(snapshot))
        case .warning(let host, let text):
            let fields: [YAMLValue.Field] = [
                .init("host", host.map { .string($0) } ?? .null), .init("warning", .string(text)),
            ]
            return line("warning", now: now, message: message, fields)
        case .targetEnded(let outcome): return line("target_ended", now: now, message: message, payload(outcome))
        case .ended(let state):
            return line("ended", now: now, message: message, [.init("state", .string(state.rawValue))])
        }
    }

    private func payload(_ value: some Encodable) -> [YAMLValue.Field] {
        // Event values hold nothing that can't be encoded; were it otherwise the line says so and isn't lost.
        do {
            return try YAMLValue(encoding: value).fields
        } catch {
            return [.init("encoding_error", .string("\(error)"))]
        }
    }

    private func line(_ type: String, now: Date, message: String, _ fields: [YAMLValue.Field]) -> String {
        let head: [YAMLValue.Field] = [
            .init("type", .string(type)), .init("timestamp", .string(Timestamp.utc(now))),
            .init("operation", .string(operation.description)), .init("message", .string(message)),
        ]
        return YAMLValue.mapping(head + fields).json(pretty: false) + "\n"
    }
}
