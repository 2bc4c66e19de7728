import FoundationEssentials

/// Moments as documents and logs write them.
public enum Timestamp {
    /// `date` as ISO 8601 in UTC with milliseconds, `2025-11-25T14:02:11.042Z`.
    public static func utc(_ date: Date = Date()) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
