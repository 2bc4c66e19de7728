import Logging
import Model

/// Undoes what operations have left whose process died.
package struct Recovery: Sendable {
    private let journal: any Journal
    private let hosts: Coordinator.Hosts
    private let logger: Logger

    package init(journal: any Journal, logger: Logger, hosts: @escaping Coordinator.Hosts) {
        self.journal = journal
        self.hosts = hosts
        self.logger = logger
    }

    /// Undoes the open steps of operations that have ended or whose process is gone; nil: of all that need it. One
    /// that hadn't ended is marked failed. A host that can't be reached keeps its steps for the next time. Throws
    /// for an operation whose process still works on it.
    package func cleanUp(_ ids: [OperationID]? = nil) async throws(KVMCloneError) -> [CleanUpReport] {
        let chosen: [OperationID]
        if let ids { chosen = ids } else { chosen = try await journal.operationsToRecover() }
        var statuses: [OperationStatus] = []
        for id in chosen {
            guard let status = try await journal.operation(id) else {
                throw KVMCloneError(.operationNotFound, "there is no operation \(id)")
            }
            guard try await !journal.isRun(status) else {
                throw KVMCloneError(
                    .clone, "operation \(id) still runs", whatToDo: "kvm-clone op cancel \(id)", exitCode: .tryAgain)
            }
            statuses.append(status)
        }
        var reports: [CleanUpReport] = []
        for status in statuses {
            guard !Task.isCancelled else {
                throw KVMCloneError(
                    .cancelled, "stopped before \(status.id) was cleaned up", whatToDo: "run it again")
            }
            reports.append(try await cleanUp(status))
        }
        return reports
    }

    private func cleanUp(_ status: OperationStatus) async throws(KVMCloneError) -> CleanUpReport {
        var status = status
        let steps = try await journal.openSteps(of: status.id)
        var names: [String] = []
        for record in steps.reversed() where !names.contains(record.step.host) { names.append(record.step.host) }
        let entries = await withTaskGroup(of: (Int, [CleanUpReport.Entry]).self) { group in
            for (place, host) in names.enumerated() {
                let mine = steps.filter { $0.step.host == host }
                group.addTask { [id = status.id] in (place, await undo(mine, on: host, operation: id)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        let all = names.indices.flatMap { entries[$0] ?? [] }
        var report = CleanUpReport(id: status.id, kind: status.kind, vm: status.vm, state: status.state, entries: all)
        if report.isClean, !status.state.isFinal {
            status.state = .failed
            status.completed = Timestamp.now
            try await written { [status] journal throws(KVMCloneError) in try await journal.update(status) }
            report.state = .failed
        }
        return report
    }

    /// Undoes one host's steps, the last first. One that can't be undone keeps those before it: a file must not go
    /// while a domain that uses it is still defined.
    private func undo(
        _ records: [StepRecord], on host: String, operation: OperationID
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
                try await StepUndo.undo(record.step, on: hosts(host), operation: operation)
                try await written { journal throws(KVMCloneError) in
                    try await journal.forget([record.number], operation: operation)
                }
                entries.append(.init(step: step, error: nil))
            } catch {
                obstacle = error
                entries.append(.init(step: step, error: error.on(host)))
                // Whoever asked for the clean-up tells it from the report.
                logger.debug(
                    "undo failed", metadata: ["operation": "\(operation)", "host": "\(host)", "error": "\(error)"])
            }
        }
        return entries
    }

    /// Writes to the journal what was done, also when the task is cancelled meanwhile.
    private func written(
        _ write: @escaping @Sendable (any Journal) async throws(KVMCloneError) -> Void
    ) async throws(KVMCloneError) {
        let error = await shielded { [journal] () -> KVMCloneError? in
            do throws(KVMCloneError) { try await write(journal) } catch { return error }
            return nil
        }
        if let error { throw error }
    }
}

extension Journal {
    /// The operations that need recovery: those that have open steps or never ended, and whose process is gone.
    package func operationsToRecover() async throws(KVMCloneError) -> [OperationID] {
        var found: [OperationID] = []
        for status in try await operations(includingEnded: true) {
            if status.state.isFinal {
                guard try await !openSteps(of: status.id).isEmpty else { continue }
            }
            if try await !isRun(status) { found.append(status.id) }
        }
        return found
    }

    /// True while a living process works on the operation.
    fileprivate func isRun(_ status: OperationStatus) async throws(KVMCloneError) -> Bool {
        guard status.state.isActive else { return false }
        return try await owner(of: status.id)?.isAlive ?? false
    }
}
