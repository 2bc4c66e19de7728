import Coordinator
import FoundationEssentials
import GRDB
import Model

/// The journal in one SQLite file, shared by all processes of a user.
///
/// Write-ahead logging and `synchronous = FULL`: what a call has returned from survives a power loss.
package final class OperationStore: Journal {
    private let database: DatabasePool
    let retention: Retention

    /// Opens the store `operations.sqlite` in `folder`, both of which are made if they aren't there, readable by
    /// their owner only. Blocks.
    package convenience init(folder: String) throws(KVMCloneError) {
        try self.init(folder: folder, retention: Retention())
    }

    init(folder: String, retention: Retention) throws(KVMCloneError) {
        self.retention = retention
        let path = folder + "/operations.sqlite"
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            database = try DatabasePool(path: path, configuration: configuration)
            try StoreSchema.migrator.migrate(database)
        } catch {
            throw KVMCloneError(
                .general, "the store \(path) can't be used", cause: "\(error)",
                whatToDo:
                    "make the folder writable, or name another one with KVM_CLONE_STATE; a broken store can be moved away"
            )
        }
    }

    package func begin(
        _ status: OperationStatus, request: CloneRequest?, owner: ProcessIdentity
    ) async throws(KVMCloneError) {
        let row = try OperationRow(status, request: request, owner: owner)
        let now = Date()
        try await write { [retention] database in
            try row.insert(database)
            try retention.prune(database, now: now)
        }
    }

    package func update(_ status: OperationStatus) async throws(KVMCloneError) {
        let document = try encoded(status)
        try await write { database in
            try database.execute(
                sql: "UPDATE operation SET isEnded = ?, status = ? WHERE id = ?",
                arguments: [status.state.isFinal, document, status.id.description])
        }
    }

    package func willDo(_ step: Step, operation: OperationID) async throws(KVMCloneError) -> Int {
        let document = try encoded(step)
        return try await write { database in try Self.insert(document, operation, database) }
    }

    private static func insert(_ step: String, _ operation: OperationID, _ database: Database) throws -> Int {
        try database.execute(
            sql: "INSERT INTO step (operation, step) VALUES (?, ?)", arguments: [operation.description, step])
        return Int(database.lastInsertedRowID)
    }

    package func forget(_ records: [Int], operation: OperationID) async throws(KVMCloneError) {
        // One write is one transaction.
        try await write { database in try Self.delete(records, operation, database) }
    }

    private static func delete(_ records: [Int], _ operation: OperationID, _ database: Database) throws {
        for record in records {
            try database.execute(
                sql: "DELETE FROM step WHERE number = ? AND operation = ?",
                arguments: [record, operation.description])
        }
    }

    package func settle(
        _ records: [Int], host: String, leaving step: Step, operation: OperationID
    ) async throws(KVMCloneError) -> Int {
        let document = try encoded(step)
        return try await write { database in
            try Self.delete(records, operation, database)
            try database.execute(
                sql: "INSERT OR IGNORE INTO settled (operation, host) VALUES (?, ?)",
                arguments: [operation.description, host])
            return try Self.insert(document, operation, database)
        }
    }

    package func settledTargets(of operation: OperationID) async throws(KVMCloneError) -> Set<String> {
        try await read { database in
            try String.fetchSet(
                database, sql: "SELECT host FROM settled WHERE operation = ?", arguments: [operation.description])
        }
    }

    package func openSteps(of operation: OperationID) async throws(KVMCloneError) -> [StepRecord] {
        let rows = try await read { database in
            try Row.fetchAll(
                database, sql: "SELECT number, step FROM step WHERE operation = ? ORDER BY number",
                arguments: [operation.description]
            ).map { (number: $0["number"] as Int, step: $0["step"] as String) }
        }
        var records: [StepRecord] = []
        for row in rows { records.append(StepRecord(number: row.number, step: try decoded(row.step))) }
        return records
    }

    package func operation(_ id: OperationID) async throws(KVMCloneError) -> OperationStatus? {
        guard let row = try await row(id) else { return nil }
        return try decoded(row.status)
    }

    package func operations(includingEnded: Bool) async throws(KVMCloneError) -> [OperationStatus] {
        let documents = try await read { database in
            try String.fetchAll(
                database,
                sql: "SELECT status FROM operation WHERE ? OR NOT isEnded ORDER BY rowid DESC LIMIT 2000",
                arguments: [includingEnded])
        }
        var all: [OperationStatus] = []
        for document in documents { all.append(try decoded(document)) }
        return all
    }

    package func owner(of operation: OperationID) async throws(KVMCloneError) -> ProcessIdentity? {
        guard let row = try await row(operation) else { return nil }
        return try decoded(row.owner)
    }

    package func request(of operation: OperationID) async throws(KVMCloneError) -> CloneRequest? {
        guard let request = try await row(operation)?.request else { return nil }
        return try decoded(request)
    }

    package func requestStop(_ id: OperationID, _ ending: StopEnding) async throws(KVMCloneError) {
        try await write { database in
            try database.execute(
                sql: "UPDATE operation SET stop = ? WHERE id = ?", arguments: [ending.rawValue, id.description])
        }
    }

    package func requestedStop(of id: OperationID) async throws(KVMCloneError) -> StopEnding? {
        try await row(id)?.stop.flatMap { StopEnding(rawValue: $0) }
    }

    func row(_ id: OperationID) async throws(KVMCloneError) -> OperationRow? {
        try await read { try OperationRow.fetchOne($0, key: id.description) }
    }

    func read<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(KVMCloneError) -> Value {
        do { return try await database.read(work) } catch { throw Self.unusable(error) }
    }

    func write<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(KVMCloneError) -> Value {
        do { return try await database.write(work) } catch { throw Self.unusable(error) }
    }

    private static func unusable(_ error: any Error) -> KVMCloneError {
        if error is CancellationError { return KVMCloneError(.cancelled, "cancelled") }
        return KVMCloneError(
            .general, "the store of operations failed", cause: "\(error)",
            whatToDo: "look at the free space and the permissions of the state folder")
    }
}
