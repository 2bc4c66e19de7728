import Model

/// What two sites are joined by. Figures are bytes per second and hold for each direction by itself.
public struct Link: Sendable, Equatable, Codable {
    /// One site.
    public let first: String
    /// The other site.
    public let second: String
    /// What the link can carry, or nil where it isn't known.
    public let capacity: UInt64?
    /// What may be used of it at any time, or nil.
    public let limit: UInt64?
    /// What may be used of it by time of day, or nil. Never together with `limit`.
    public let timetable: Timetable?

    /// A link made of its parts.
    public init(
        first: String, second: String, capacity: UInt64? = nil, limit: UInt64? = nil, timetable: Timetable? = nil
    ) {
        self.first = first
        self.second = second
        self.capacity = capacity
        self.limit = limit
        self.timetable = timetable
    }

    /// The most that may be used at a minute of the week, counted from Monday 00:00, or nil where nothing bounds it.
    public func allowance(at minuteOfWeek: Int) -> UInt64? {
        let limits = [capacity, limit, timetable?.limit(at: minuteOfWeek)]
        return limits.compactMap { $0 }.min()
    }
}
