/// A rate that changes with the time of day, and with the day of the week where that is said. Times are local ones, as
/// the clock on the wall shows them. Rates are bytes per second.
public struct Timetable: Sendable, Hashable {
    /// A day of the week.
    public enum Day: Int, Sendable, Hashable, CaseIterable, CustomStringConvertible {
        case monday, tuesday, wednesday, thursday, friday, saturday, sunday

        /// `Mon` to `Sun`.
        public var description: String { ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][rawValue] }
    }

    /// From a minute of the day on, a rate.
    public struct Entry: Sendable, Hashable {
        /// The day that it is for; nil: every day.
        public let day: Day?
        /// 0 to 1439.
        public let minuteOfDay: Int
        /// Bytes per second, or nil for no limit.
        public let bytesPerSecond: UInt64?
    }

    static let minutesPerDay = 1440
    /// Minutes of a week. The week begins on Monday at 00:00.
    public static let minutesPerWeek = 7 * minutesPerDay

    /// At least one entry, in the order in which they were given.
    public let entries: [Entry]

    /// One rate that always holds, in bytes per second, above 0; nil: no limit.
    public init(bytesPerSecond: UInt64?) {
        self.init([Entry(day: nil, minuteOfDay: 0, bytesPerSecond: bytesPerSecond)])
    }

    init(_ entries: [Entry]) { self.entries = entries }

    /// True when one rate always holds.
    public var isConstant: Bool { entries.allSatisfy { $0.bytesPerSecond == entries[0].bytesPerSecond } }

    /// True when nothing is ever limited.
    public var isUnlimited: Bool { entries.allSatisfy { $0.bytesPerSecond == nil } }

    /// Bytes per second allowed at a minute of the week, counted from Monday 00:00, or nil for no limit. Minutes beyond
    /// the week wrap round.
    public func limit(at minuteOfWeek: Int) -> UInt64? {
        let week = Self.minutesPerWeek
        let now = (minuteOfWeek % week + week) % week
        // What began last holds: the entry that is the fewest minutes ago. One with a day goes before one without.
        let latest = entries.min { one, other in
            let (a, b) = (Self.minutes(since: one, now), Self.minutes(since: other, now))
            return a == b ? one.day != nil && other.day == nil : a < b
        }
        return latest?.bytesPerSecond
    }

    /// Minutes since an entry began the last time.
    private static func minutes(since entry: Entry, _ now: Int) -> Int {
        guard let day = entry.day else {
            return (now % minutesPerDay - entry.minuteOfDay + minutesPerDay) % minutesPerDay
        }
        return (now - day.rawValue * minutesPerDay - entry.minuteOfDay + minutesPerWeek) % minutesPerWeek
    }
}

extension Timetable: CustomStringConvertible {
    /// The notation that `init(parsing:)` reads.
    public var description: String {
        entries.map { entry in
            let hour = entry.minuteOfDay / 60
            let minute = entry.minuteOfDay % 60
            let time = "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
            let day = entry.day.map { "\($0)-" } ?? ""
            return "\(day)\(time),\(entry.bytesPerSecond.map(ByteCount.exact) ?? "off")"
        }.joined(separator: " ")
    }
}

extension Timetable: Codable {
    /// Decodes the notation.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do throws(Fault) {
            let text: String
            do { text = try container.decode(String.self) } catch { throw Fault("it isn't a text", at: 1) }
            try self.init(parsing: text)
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
        }
    }

    /// Encodes as the notation.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
