import FoundationEssentials
import GRDB

/// How long operations and their logs are kept.
///
/// An operation that has ended and has no open steps goes when it is more than 30 days old and 200 newer ones are
/// kept, or when 1,000 newer ones are. Its log goes with it.
struct Retention: Sendable {
    var days = 30.0
    var newest = 200
    var most = 1000
    /// Entries of one operation's log; when there are more, the oldest go.
    var logEntries = 5000
    /// Bytes of one operation's log.
    var logBytes = 4 << 20
    /// Bytes of one entry.
    var entryBytes = 256 << 10

    func prune(_ database: Database, now: Date) throws {
        let oldest = now.addingTimeInterval(-days * 86_400).formatted(.iso8601)
        try database.execute(
            sql: """
                DELETE FROM operation WHERE id IN (
                    SELECT id FROM (
                        SELECT id, isEnded, json_extract(status, '$.created') AS created,
                            ROW_NUMBER() OVER (ORDER BY rowid DESC) AS place
                        FROM operation)
                    WHERE isEnded AND (place > ? OR place > ? AND created < ?)
                        AND NOT EXISTS (SELECT 1 FROM step WHERE step.operation = id))
                """, arguments: [most, newest, oldest])
    }

    /// Shortens an operation's log to its bounds.
    func shorten(_ database: Database, operation: String) throws {
        try database.execute(
            sql: """
                DELETE FROM log WHERE number IN (
                    SELECT number FROM (
                        SELECT number, ROW_NUMBER() OVER newestFirst AS place, SUM(size) OVER newestFirst AS total
                        FROM log WHERE operation = ? WINDOW newestFirst AS (ORDER BY number DESC))
                    WHERE place > ? OR total > ?)
                """, arguments: [operation, logEntries, logBytes])
    }
}
