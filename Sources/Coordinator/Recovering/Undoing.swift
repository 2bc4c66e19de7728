import AgentProtocol
import Logging
import Model

/// Undoes steps of an operation on all of its hosts, and completes those that can't be taken back.
struct Undoing: Sendable {
    let operation: OperationID
    let journal: any Journal
    let hosts: Coordinator.Hosts
    let logger: Logger
    /// The run of the operation that they belong to at most.
    var run = Int.max

    /// Ends `records`: each host's last step first, the hosts at the same time, or one after the other where that matters.
    func end(_ records: [StepRecord]) async -> [CleanUpReport.Entry] {
        if records.contains(where: \.step.isLiveMove) { return await endLive(records).entries }
        if let migration = MigrationEnding(records) { return await end(records, migration) }
        return await undo(records)
    }

    private func undo(_ records: [StepRecord]) async -> [CleanUpReport.Entry] {
        var names: [String] = []
        for record in records.reversed() where !names.contains(record.step.host) { names.append(record.step.host) }
        let entries = await withTaskGroup(of: (Int, [CleanUpReport.Entry]).self) { group in
            for (place, host) in names.enumerated() {
                let mine = records.filter { $0.step.host == host }
                group.addTask { (place, await undo(mine, on: host, migration: nil)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        return names.indices.flatMap { entries[$0] ?? [] }
    }

    private func end(_ records: [StepRecord], _ migration: MigrationEnding) async -> [CleanUpReport.Entry] {
        var entries: [CleanUpReport.Entry] = []
        for host in migration.order {
            let mine = records.filter { $0.step.host == host && !migration.isHandOver($0.step) }
            let obstacle = entries.first { $0.error != nil && migration.holdsUp(host, $0.step.host) }
            if let obstacle {
                entries += mine.reversed().map { left($0.step, since: obstacle) }
            } else {
                entries += await undo(mine, on: host, migration: migration)
            }
        }
        // It says that the VM belongs to its new host, and so goes last.
        for record in records where migration.isHandOver(record.step) {
            if let obstacle = entries.first(where: { $0.error != nil }) {
                entries.append(left(record.step, since: obstacle))
            } else {
                entries += await undo([record], on: record.step.host, migration: migration)
            }
        }
        return entries
    }

    /// Ends a live migration: finds out where the VM is, and takes everything back, or completes it. Without a verdict all is
    /// left as it is.
    func endLive(
        _ records: [StepRecord]
    ) async -> (entries: [CleanUpReport.Entry], verdict: LiveMove.Verdict?, unknown: KVMCloneError?) {
        guard let last = records.last(where: \.step.isLiveMove), case .moveLive(let move) = last.step else {
            return (await undo(records), .stayed, nil)
        }
        let verdict: LiveMove.Verdict
        do throws(KVMCloneError) {
            verdict = try await move.resolve(hosts)
        } catch {
            let unknown = error.unresolved(operation)
            return (records.reversed().map { .init(step: OpenStep($0.step), error: unknown) }, nil, unknown)
        }
        var rest = records.filter { !$0.step.isLiveMove }
        var entries: [CleanUpReport.Entry] = []
        if verdict == .moved {
            // Its old disks may be merged only when nobody reads them.
            let reading = rest.filter { if case .openSend = $0.step { true } else { false } }
            entries += await undo(reading)
            rest.removeAll { step in reading.contains { $0.number == step.number } }
            do throws(KVMCloneError) {
                try await move.complete(hosts, logger: logger)
            } catch {
                entries.append(.init(step: OpenStep(last.step), error: error))
            }
            entries += await keep(rest.filter { move.isKept($0.step) })
            rest.removeAll { move.isKept($0.step) }
        }
        entries += await undo(rest)
        for record in records where record.step.isLiveMove {
            if let obstacle = entries.first(where: { $0.error != nil }) {
                if obstacle.step != OpenStep(record.step) { entries.append(left(record.step, since: obstacle)) }
            } else {
                entries += await undo([record])
            }
        }
        return (entries, verdict, nil)
    }

    /// Files that a VM has now stay.
    private func keep(_ records: [StepRecord]) async -> [CleanUpReport.Entry] {
        var entries: [CleanUpReport.Entry] = []
        for record in records {
            do throws(KVMCloneError) {
                if case .publish(let host, _, let folders, let files) = record.step {
                    _ = try await hosts(host).call(
                        Tidy(operation: operation.description, folders: folders, files: files.map(\.path)))
                }
                try await written { journal throws(KVMCloneError) in
                    try await journal.forget([record.number], operation: operation)
                }
                entries.append(.init(step: OpenStep(record.step), error: nil))
            } catch {
                entries.append(.init(step: OpenStep(record.step), error: error.on(record.step.host)))
            }
        }
        return entries
    }

    private func left(_ step: Step, since obstacle: CleanUpReport.Entry) -> CleanUpReport.Entry {
        let host = obstacle.step.host
        return CleanUpReport.Entry(
            step: OpenStep(step),
            error: KVMCloneError(
                obstacle.error?.code ?? .general, "left as it is, before \(host) is in order", host: step.host,
                whatToDo: "bring \(host) back, and run it again: kvm-clone op cleanup \(operation)"))
    }

    /// Undoes one host's steps, the last first. One that can't be undone keeps those before it: a file must not go
    /// while a domain that uses it is still defined.
    private func undo(
        _ records: [StepRecord], on host: String, migration: MigrationEnding?
    ) async -> [CleanUpReport.Entry] {
        var entries: [CleanUpReport.Entry] = []
        var obstacle: KVMCloneError?
        for record in records.reversed() {
            let step = OpenStep(record.step)
            if let obstacle {
                let error = KVMCloneError(
                    obstacle.code, "left as it is, since a later step couldn't be undone", host: host)
                entries.append(.init(step: step, error: error))
                continue
            }
            do throws(KVMCloneError) {
                if let migration, migration.isMoot(record.step) {
                    try await migration.settle(record.step, hosts)
                } else {
                    try await StepUndo.undo(record.step, on: hosts(host), operation: operation, run: run)
                }
                try await written { journal throws(KVMCloneError) in
                    try await journal.forget([record.number], operation: operation)
                }
                entries.append(.init(step: step, error: nil))
            } catch {
                obstacle = error
                entries.append(.init(step: step, error: error.on(host)))
                // Whoever asked for it tells it.
                logger.debug(
                    "undo failed", metadata: ["operation": "\(operation)", "host": "\(host)", "error": "\(error)"])
            }
        }
        return entries
    }

    /// Writes to the journal what was done, also when the task is cancelled meanwhile.
    func written(
        _ write: @escaping @Sendable (any Journal) async throws(KVMCloneError) -> Void
    ) async throws(KVMCloneError) {
        let error = await shielded { [journal] () -> KVMCloneError? in
            do throws(KVMCloneError) { try await write(journal) } catch { return error }
            return nil
        }
        if let error { throw error }
    }
}
