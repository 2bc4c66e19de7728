import Model
import YAML

/// A bandwidth limit that changes with the time of day, in the notation that rclone made known:
/// `08:00,30M 19:00,off`. Rates are bytes per second; unlike rclone, digits without a unit are bytes and not KiB.
/// Each entry holds until the next one, and the last one on through midnight to the first.
public struct Timetable: Sendable, Hashable, CustomStringConvertible {
    /// From a minute of the day on, a limit.
    public struct Entry: Sendable, Hashable {
        /// 0 to 1439.
        public let minuteOfDay: Int
        /// Bytes per second, or nil for no limit.
        public let bytesPerSecond: UInt64?
    }

    /// At least one entry, by rising time.
    public let entries: [Entry]

    /// Parses a timetable, or a single rate that holds all day.
    public init(parsing text: String) throws(InvalidValue) {
        let words = text.split { $0 == " " || $0 == "\t" || $0 == "\n" }
        guard !words.isEmpty else { throw InvalidValue("an empty timetable: write 08:00,30M 19:00,off") }
        if words.count == 1, !words[0].contains(where: { $0 == "," || $0 == ":" }) {
            entries = [Entry(minuteOfDay: 0, bytesPerSecond: try Self.rate(words[0]))]
            return
        }
        var entries: [Entry] = []
        for word in words {
            let parts = word.split(separator: ",", omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw InvalidValue("\(quoted(String(word))) isn't an entry: write HH:MM,RATE, such as 08:00,30M")
            }
            let minute = try Self.minute(parts[0])
            if let previous = entries.last?.minuteOfDay, minute <= previous {
                let fault = minute == previous ? "is there twice" : "comes after a later time"
                throw InvalidValue("\(quoted(String(parts[0]))) \(fault): times must rise")
            }
            entries.append(Entry(minuteOfDay: minute, bytesPerSecond: try Self.rate(parts[1])))
        }
        self.entries = entries
    }

    /// Bytes per second allowed at a minute of the day, or nil for no limit. Minutes beyond 0 to 1439 wrap round.
    public func limit(at minuteOfDay: Int) -> UInt64? {
        let minute = (minuteOfDay % 1440 + 1440) % 1440
        let entry = entries.last { $0.minuteOfDay <= minute } ?? entries.last
        return entry?.bytesPerSecond
    }

    /// The notation that `init(parsing:)` reads.
    public var description: String {
        entries.map { entry in
            let hour = entry.minuteOfDay / 60
            let minute = entry.minuteOfDay % 60
            let time = "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
            return "\(time),\(entry.bytesPerSecond.map(ByteCount.exact) ?? "off")"
        }.joined(separator: " ")
    }

    private static func minute(_ text: Substring) throws(InvalidValue) -> Int {
        let bytes = Array(text.utf8)
        if text.contains("-"), text.contains(":") {
            throw InvalidValue("\(quoted(String(text))): days of the week aren't supported, only HH:MM")
        }
        let isShaped = bytes.count == 5 && bytes[2] == UInt8(ascii: ":")
        guard isShaped, let hour = digits(bytes[0...1]), let minute = digits(bytes[3...4]) else {
            throw InvalidValue("\(quoted(String(text))) isn't a time of day: write HH:MM, such as 08:00")
        }
        guard hour <= 23, minute <= 59 else {
            throw InvalidValue("\(quoted(String(text))): times go from 00:00 to 23:59")
        }
        return hour * 60 + minute
    }

    private static func digits(_ bytes: ArraySlice<UInt8>) -> Int? {
        bytes.reduce(0) { value, byte in
            guard let value, (0x30...0x39).contains(byte) else { return nil }
            return value * 10 + Int(byte - 0x30)
        }
    }

    private static func rate(_ text: Substring) throws(InvalidValue) -> UInt64? {
        if text == "off" { return nil }
        if text.contains(":") {
            throw InvalidValue("\(quoted(String(text))): one rate holds for each direction; up:down isn't supported")
        }
        let rate = try ByteRate.parse(text)
        guard rate > 0 else { throw InvalidValue("a rate of 0 would stop everything: write off for no limit") }
        return rate
    }
}

extension Timetable: Codable {
    /// Decodes the notation.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            try self.init(parsing: try container.decode(String.self))
        } catch let error as InvalidValue {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.message)
        }
    }

    /// Encodes as the notation.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
