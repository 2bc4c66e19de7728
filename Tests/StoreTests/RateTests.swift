import Coordinator
import GRDB
import Model
import Simulation
import Testing

@testable import Store

@Suite("Rates in the store")
struct RateTests {
    private static let day = 86_400

    private static func seen(_ target: String, _ rate: Double, _ time: Int) -> ObservedRate {
        ObservedRate(source: "a", target: target, sourceSite: "x", rate: rate, time: time)
    }

    @Test("one for each pair of hosts is remembered, smoothed, for 30 days, and by all processes")
    func remembered() async throws {
        let folder = try TemporaryFolder()
        let store = try OperationStore(folder: folder.path)
        let memory = MemoryJournal()
        for journal in [store, memory] as [any Journal] {
            try await journal.remember(Self.seen("b", 100, 0))
            try await journal.remember(Self.seen("c", 50, Self.day))
            try await journal.remember(Self.seen("b", 200, 2 * Self.day))
        }
        let other = try OperationStore(folder: folder.path)
        for journal in [other, memory] as [any Journal] {
            let both = [Self.seen("b", 150, 2 * Self.day), Self.seen("c", 50, Self.day)]
            #expect(try await journal.observedRates(at: 31 * Self.day) == both)
            #expect(try await journal.observedRates(at: 31 * Self.day + 1) == [both[0]])
        }
        // What counts no more goes with the next one that comes.
        try await store.remember(Self.seen("d", 1, 40 * Self.day))
        #expect(try await other.observedRates(at: 0).map(\.target) == ["d"])
    }

    @Test("a store of the version before gets its table, and keeps what it has")
    func migration() async throws {
        let folder = try TemporaryFolder()
        let database = try DatabaseQueue(path: folder.path + "/operations.sqlite")
        try StoreSchema.migrator.migrate(database, upTo: "3 runs, and targets that have their copy")
        try await database.write { database in
            try database.execute(
                sql: "INSERT INTO operation (id, isEnded, status, owner) VALUES ('old', 1, '{}', '{}')")
        }
        try database.close()
        let store = try OperationStore(folder: folder.path)
        #expect(try await store.observedRates(at: 0) == [])
        #expect(try await store.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM operation") } == 1)
    }
}
