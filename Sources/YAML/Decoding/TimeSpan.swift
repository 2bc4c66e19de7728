/// Spans of time as people write them: `30`, `250ms`, `30s`, `5m`, `2h`, `1d`.
public enum TimeSpan {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// The span, at most 10,000 days; digits alone are seconds.
    public static func parse(_ text: String) throws(InvalidValue) -> Duration {
        let digits = text.prefix { ("0"..."9").contains($0) }
        let suffix = text.dropFirst(digits.count)
        let unit = suffix.isEmpty ? 1000 : units.first { $0.name == suffix }?.milliseconds
        guard !digits.isEmpty, let unit else {
            throw InvalidValue("\(quoted(text)) isn't a time: write digits and ms, s, m, h or d, such as 30s")
        }
        guard let count = Int64(digits),
            case let (milliseconds, overflow) = count.multipliedReportingOverflow(by: unit),
            !overflow, milliseconds <= 10_000 * 86_400_000
        else { throw InvalidValue("\(shortened(text)) is too long a time") }
        return .milliseconds(milliseconds)
    }
}
