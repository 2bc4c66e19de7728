import GRDB
import Model

extension OperationStore {
    /// Adds to an operation's log, in order. What is too large for one entry is left out, and the oldest entries go
    /// when there are too many; see `Retention`. An operation that isn't in the store (any more) has no log.
    package func append(_ entries: [OperationLogEntry], to operation: OperationID) async throws(KVMCloneError) {
        var documents: [String] = []
        for entry in entries {
            let document = try encoded(entry)
            if document.utf8.count <= retention.entryBytes { documents.append(document) }
        }
        guard !documents.isEmpty else { return }
        try await write { [documents, retention] database in
            for document in documents {
                try database.execute(
                    sql: """
                        INSERT INTO log (operation, size, entry) SELECT id, ?, ? FROM operation WHERE id = ?
                        """, arguments: [document.utf8.count, document, operation.description])
            }
            try retention.shorten(database, operation: operation.description)
        }
    }

    /// At most `limit` entries of an operation's log after the one with that number, oldest first.
    package func log(
        of operation: OperationID, after number: Int = 0, limit: Int = 500
    ) async throws(KVMCloneError) -> [OperationLogEntry] {
        let rows = try await read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT number, entry FROM log WHERE operation = ? AND number > ? ORDER BY number LIMIT ?",
                arguments: [operation.description, number, limit]
            ).map { (number: $0["number"] as Int, entry: $0["entry"] as String) }
        }
        var entries: [OperationLogEntry] = []
        for row in rows {
            var entry: OperationLogEntry = try decoded(row.entry)
            entry.number = row.number
            entries.append(entry)
        }
        return entries
    }
}
