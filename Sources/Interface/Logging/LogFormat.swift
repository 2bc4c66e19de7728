import FoundationEssentials
import Logging
import YAML

/// How log records are written.
public enum LogFormat: String, Sendable, CaseIterable {
    /// For people: time, level, message, `key=value`.
    case text
    /// One JSON object per line.
    case json
    /// With the priority that systemd's journal reads, `<6>`; the journal adds the time itself.
    case journald

    /// One line with its newline. Control characters are escaped, so that a record can't pretend to be two.
    func line(
        _ level: Logger.Level, _ message: String, _ metadata: [(key: String, value: String)], label: String, now: Date
    ) -> String {
        switch self {
        case .text:
            let time = Timestamp.utc(now)
            return "\(time) \(level.rawValue.uppercased()) \(Self.escaped(message))\(Self.pairs(metadata))\n"
        case .journald:
            return "<\(level.priority)>\(Self.escaped(message))\(Self.pairs(metadata))\n"
        case .json:
            let fields: [YAMLValue.Field] =
                [
                    .init("timestamp", .string(Timestamp.utc(now))), .init("level", .string(level.rawValue)),
                    .init("logger", .string(label)), .init("message", .string(message)),
                ]
                // A record's own words win over metadata of the same name.
                + metadata.filter { !["timestamp", "level", "logger", "message"].contains($0.key) }
                .map { .init($0.key, .string($0.value)) }
            return YAMLValue.mapping(fields).json(pretty: false) + "\n"
        }
    }

    private static func pairs(_ metadata: [(key: String, value: String)]) -> String {
        metadata.map { key, value in
            let needsQuotes = value.isEmpty || value.contains { " =\"\\\n\r\t".contains($0) }
            return " \(escaped(key))=" + (needsQuotes ? YAMLValue.string(value).json() : escaped(value))
        }.joined()
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0a: result += "\\n"
            case 0..<0x20, 0x7f..<0xa0: result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Logger.Level {
    /// The priority in syslog's numbers, 3 for an error to 7 for debugging.
    var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// The names that `--log-level` takes.
    public static let names = ["trace", "debug", "info", "notice", "warn", "warning", "error", "critical"]

    /// Reads a level, in any case; `warn` is the same as `warning`.
    public init?(name: String) {
        let lower = name.lowercased()
        self.init(rawValue: lower == "warn" ? "warning" : lower)
    }
}
