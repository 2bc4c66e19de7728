import Coordinator
import Foundation
import GRDB
import Model
import Simulation
import Testing

@testable import Store

/// Logs of operations, and how long operations are kept.
@Suite struct LogTests {
    private static func status(
        _ id: OperationID, _ state: OperationState = .running, created: Date = Date()
    ) -> OperationStatus {
        OperationStatus(
            id: id, kind: .clone, vm: "web01", source: "kvm1", targets: ["kvm2"], state: state, progress: nil,
            result: nil, created: Timestamp.string(from: created), started: nil, completed: nil)
    }

    private static let owner = ProcessIdentity(processID: 42, startTicks: 7, bootID: "boot")

    private static func entry(_ text: String) -> OperationLogEntry {
        OperationLogEntry(time: 5, content: .record(level: "info", message: text, metadata: ["host": "kvm2"]))
    }

    private static func begun(_ store: OperationStore) async throws -> OperationID {
        let id = OperationID()
        try await store.begin(status(id), owner: owner)
        return id
    }

    private static func texts(_ store: OperationStore, _ id: OperationID) async throws -> [String] {
        try await store.log(of: id, limit: 10_000).map { entry in
            guard case .record(_, let message, _) = entry.content else { return "" }
            return message
        }
    }

    @Test("Entries come in order, from where the reader stands, and of one operation only")
    func order() async throws {
        let folder = try TemporaryFolder()
        let store = try OperationStore(folder: folder.path)
        let (mine, other) = (try await Self.begun(store), try await Self.begun(store))
        try await store.append([Self.entry("1"), Self.entry("2")], to: mine)
        try await store.append([Self.entry("other")], to: other)
        let event = OperationEvent.phase(host: "kvm2", phase: .copying, detail: nil)
        try await store.append([OperationLogEntry(time: 9, content: .event(event))], to: mine)

        let reader = try OperationStore(folder: folder.path)
        let first = try await reader.log(of: mine, limit: 2)
        #expect(first.map(\.content) == [Self.entry("1").content, Self.entry("2").content])
        let last = try #require(first.last)
        let rest = try await reader.log(of: mine, after: last.number)
        #expect(rest.map(\.content) == [.event(event)] && rest.map(\.time) == [9])
        #expect(try await reader.log(of: mine, after: rest[0].number).isEmpty)
    }

    @Test("An operation that nobody has begun has no log")
    func unknown() async throws {
        let folder = try TemporaryFolder()
        let store = try OperationStore(folder: folder.path)
        let id = OperationID()
        try await store.append([Self.entry("1")], to: id)
        try await store.append([], to: id)
        #expect(try await store.log(of: id).isEmpty)
    }

    @Test("Of too many entries the oldest go, of one operation only")
    func mostEntries() async throws {
        let folder = try TemporaryFolder()
        var retention = Retention()
        retention.logEntries = 3
        let store = try OperationStore(folder: folder.path, retention: retention)
        let (mine, other) = (try await Self.begun(store), try await Self.begun(store))
        try await store.append([Self.entry("other")], to: other)
        for number in 1...5 { try await store.append([Self.entry("\(number)")], to: mine) }
        #expect(try await Self.texts(store, mine) == ["3", "4", "5"])
        #expect(try await Self.texts(store, other) == ["other"])
    }

    @Test("A log that takes too many bytes loses its oldest entries, and what is too large is never taken")
    func mostBytes() async throws {
        let folder = try TemporaryFolder()
        var retention = Retention()
        retention.logBytes = 1000
        retention.entryBytes = 500
        let store = try OperationStore(folder: folder.path, retention: retention)
        let id = try await Self.begun(store)
        let long = String(repeating: "x", count: 300)
        for number in 1...4 { try await store.append([Self.entry("\(number)" + long)], to: id) }
        try await store.append([Self.entry(String(repeating: "y", count: 600))], to: id)
        #expect(try await Self.texts(store, id).map(\.first) == ["3", "4"])
    }

    @Test("Old operations go with their logs; what has not ended or has open steps stays")
    func pruning() async throws {
        let folder = try TemporaryFolder()
        var retention = Retention()
        retention.newest = 2
        let store = try OperationStore(folder: folder.path, retention: retention)
        let old = Date().addingTimeInterval(-31 * 86_400)
        let (ended, running, open, recent) = (OperationID(), OperationID(), OperationID(), OperationID())
        for id in [ended, running, open, recent] {
            let created = id == recent ? Date() : old
            try await store.begin(Self.status(id, created: created), owner: Self.owner)
            try await store.append([Self.entry("1")], to: id)
            if id != running { try await store.update(Self.status(id, .completed, created: created)) }
        }
        _ = try await store.willDo(.claim(host: "kvm1"), operation: open)
        let newest = try await Self.begun(store)
        // Two newer ones are needed, and are there now, for `ended` to go.
        let kept = try await store.operations(includingEnded: true).map(\.id)
        #expect(kept == [newest, recent, open, running])
        #expect(try await store.log(of: ended).isEmpty)
        #expect(try await store.log(of: open).count == 1)
    }

    @Test("There is a limit to how many are kept, whatever their age")
    func most() async throws {
        let folder = try TemporaryFolder()
        var retention = Retention()
        retention.most = 3
        let store = try OperationStore(folder: folder.path, retention: retention)
        var ids: [OperationID] = []
        for _ in 0..<5 {
            let id = try await Self.begun(store)
            try await store.update(Self.status(id, .completed))
            ids.append(id)
        }
        #expect(try await store.operations(includingEnded: true).map(\.id) == ids.suffix(3).reversed())
    }

    @Test("A request is read as it was written, by another store on the same file")
    func request() async throws {
        let folder = try TemporaryFolder()
        let store = try OperationStore(folder: folder.path)
        let (with, without) = (OperationID(), try await Self.begun(store))
        var request = CloneRequest(kind: .replicate, vm: "web01", source: "kvm1", targets: ["kvm2", "kvm3"])
        request.options.networkMap = ["a": "b"]
        request.options.deadline = 7
        try await store.begin(Self.status(with), request: request, owner: Self.owner)
        let reader = try OperationStore(folder: folder.path)
        #expect(try await reader.request(of: with) == request)
        #expect(try await reader.request(of: without) == nil)
        #expect(try await reader.request(of: OperationID()) == nil)
    }

    @Test("Ids are found by their beginning, newest first")
    func prefixes() async throws {
        let folder = try TemporaryFolder()
        let store = try OperationStore(folder: folder.path)
        let ids = try ["AB00000000", "AC00000000", "AB00000001"].map { try #require(OperationID($0)) }
        for id in ids { try await store.begin(Self.status(id), owner: Self.owner) }
        #expect(try await store.ids(startingWith: "AB", limit: 5) == [ids[2], ids[0]])
        #expect(try await store.ids(startingWith: "A", limit: 2).count == 2)
        #expect(try await store.ids(startingWith: "AC00000000", limit: 5) == [ids[1]])
        #expect(try await store.ids(startingWith: "X", limit: 5).isEmpty)
    }

    @Test("A store of the first version goes on with what it has")
    func migration() async throws {
        let folder = try TemporaryFolder()
        let id = OperationID()
        do {
            let pool = try DatabasePool(path: folder.path + "/operations.sqlite")
            try StoreSchema.migrator.migrate(pool, upTo: "1 operations and steps")
            let (status, owner) = (try encoded(Self.status(id)), try encoded(Self.owner))
            try await pool.write { database in
                try database.execute(
                    sql: "INSERT INTO operation VALUES (?, 0, 0, ?, ?)",
                    arguments: [id.description, status, owner])
            }
            try pool.close()
        }
        let store = try OperationStore(folder: folder.path)
        let entry = try #require(try await store.entry(id))
        #expect(entry.status.id == id && entry.owner == Self.owner && !entry.isCancelRequested)
        #expect(try await store.request(of: id) == nil)
        try await store.append([Self.entry("1")], to: id)
        #expect(try await Self.texts(store, id) == ["1"])
    }
}
