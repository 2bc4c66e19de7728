import Coordinator
import GRDB
import Model

/// An operation, and the process that runs it or ran it.
package struct OperationEntry: Sendable, Equatable {
    package var status: OperationStatus
    package var owner: ProcessIdentity
    package var isCancelRequested: Bool

    init(_ row: OperationRow) throws(KVMCloneError) {
        status = try decoded(row.status)
        owner = try decoded(row.owner)
        isCancelRequested = row.stop != nil
    }
}

extension OperationStore {
    /// An operation with its process; nil when none has that id.
    package func entry(_ id: OperationID) async throws(KVMCloneError) -> OperationEntry? {
        guard let row = try await row(id) else { return nil }
        return try OperationEntry(row)
    }

    /// Operations with their processes, newest first.
    package func entries(includingEnded: Bool) async throws(KVMCloneError) -> [OperationEntry] {
        let rows = try await read { database in
            try OperationRow.fetchAll(
                database, sql: "SELECT * FROM operation WHERE ? OR NOT isEnded ORDER BY rowid DESC LIMIT 2000",
                arguments: [includingEnded])
        }
        var all: [OperationEntry] = []
        for row in rows { all.append(try OperationEntry(row)) }
        return all
    }

    /// At most `limit` ids that begin with `prefix`, which has the characters of ids only; newest first.
    package func ids(startingWith prefix: String, limit: Int) async throws(KVMCloneError) -> [OperationID] {
        try await read { database in
            try String.fetchAll(
                database, sql: "SELECT id FROM operation WHERE id LIKE ? || '%' ORDER BY rowid DESC LIMIT ?",
                arguments: [prefix, limit])
        }.compactMap { OperationID($0) }
    }
}
