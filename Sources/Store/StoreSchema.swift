import Coordinator
import FoundationEssentials
import GRDB
import Model

/// The tables of the store. A migration, once released, never changes.
enum StoreSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 operations and steps") { database in
            try database.create(table: "operation") { table in
                table.primaryKey("id", .text)
                table.column("isEnded", .boolean).notNull()
                table.column("isCancelRequested", .boolean).notNull()
                table.column("status", .text).notNull()
                table.column("owner", .text).notNull()
            }
            try database.create(table: "step") { table in
                table.autoIncrementedPrimaryKey("number")
                table.column("operation", .text).notNull().indexed().references("operation", onDelete: .cascade)
                table.column("step", .text).notNull()
            }
        }
        migrator.registerMigration("2 requests and logs") { database in
            try database.alter(table: "operation") { $0.add(column: "request", .text) }
            try database.create(table: "log") { table in
                table.autoIncrementedPrimaryKey("number")
                table.column("operation", .text).notNull().indexed().references("operation", onDelete: .cascade)
                table.column("size", .integer).notNull()
                table.column("entry", .text).notNull()
            }
        }
        migrator.registerMigration("3 runs, and targets that have their copy") { database in
            try database.alter(table: "operation") { table in
                table.add(column: "run", .integer).notNull().defaults(to: 1)
                table.add(column: "stop", .text)
            }
            try database.execute(sql: "UPDATE operation SET stop = 'undo' WHERE isCancelRequested")
            try database.alter(table: "operation") { $0.drop(column: "isCancelRequested") }
            try database.create(table: "settled") { table in
                table.column("operation", .text).notNull().references("operation", onDelete: .cascade)
                table.column("host", .text).notNull()
                table.primaryKey(["operation", "host"])
            }
        }
        migrator.registerMigration("4 observed rates") { database in
            try database.create(table: "observedRate") { table in
                table.column("source", .text).notNull()
                table.column("target", .text).notNull()
                table.column("sourceSite", .text)
                table.column("targetSite", .text)
                table.column("rate", .double).notNull()
                table.column("time", .integer).notNull().indexed()
                table.primaryKey(["source", "target"])
            }
        }
        return migrator
    }
}

/// One operation as a row: what is searched for in columns, all else as JSON.
struct OperationRow: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "operation"

    var id: String
    var isEnded: Bool
    var status: String
    var owner: String
    var request: String?
    var run = 1
    var stop: String?

    init(_ status: OperationStatus, request: CloneRequest?, owner: ProcessIdentity) throws(KVMCloneError) {
        id = status.id.description
        isEnded = status.state.isFinal
        self.status = try encoded(status)
        self.owner = try encoded(owner)
        if let request { self.request = try encoded(request) }
    }
}

func encoded(_ value: some Encodable) throws(KVMCloneError) -> String {
    do {
        return String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    } catch {
        throw KVMCloneError(.general, "a record can't be encoded", cause: "\(error)")
    }
}

func decoded<Value: Decodable>(_ text: String) throws(KVMCloneError) -> Value {
    do {
        return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    } catch {
        throw KVMCloneError(
            .general, "a record of the store can't be read", cause: "\(error)",
            whatToDo: "use the version of kvm-clone that wrote it, or move the store away")
    }
}
