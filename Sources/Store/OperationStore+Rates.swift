import Coordinator
import GRDB
import Model

/// What the network from one host to another was seen to carry, as a row.
private struct RateRow: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "observedRate"

    var source: String
    var target: String
    var sourceSite: String?
    var targetSite: String?
    var rate: Double
    var time: Int

    init(_ observed: ObservedRate) {
        source = observed.source
        target = observed.target
        sourceSite = observed.sourceSite
        targetSite = observed.targetSite
        rate = observed.rate
        time = observed.time
    }

    var observed: ObservedRate {
        ObservedRate(
            source: source, target: target, sourceSite: sourceSite, targetSite: targetSite, rate: rate, time: time)
    }
}

extension OperationStore {
    package func remember(_ rate: ObservedRate) async throws(KVMCloneError) {
        try await write { database in
            let pair = ["source": rate.source, "target": rate.target]
            let older = try RateRow.fetchOne(database, key: pair)?.observed
            try RateRow(rate.following(older)).save(database)
            try database.execute(
                sql: "DELETE FROM observedRate WHERE time < ?",
                arguments: [rate.time - ObservedRate.mostDays * 86_400])
        }
    }

    package func observedRates(at time: Int) async throws(KVMCloneError) -> [ObservedRate] {
        try await read { database in
            try RateRow.fetchAll(
                database, sql: "SELECT * FROM observedRate WHERE time >= ? ORDER BY source, target",
                arguments: [time - ObservedRate.mostDays * 86_400]
            ).map(\.observed)
        }
    }
}
