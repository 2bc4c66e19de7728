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
        let undoing = Undoing(operation: status.id, journal: journal, hosts: hosts, logger: logger)
        let entries = await undoing.end(try await journal.openSteps(of: status.id))
        var report = CleanUpReport(
            id: status.id, kind: status.kind, vm: status.vm, state: status.state, entries: entries)
        if report.isClean, !status.state.isFinal {
            status.state = .failed
            status.completed = Timestamp.now
            try await undoing.written { [status] journal throws(KVMCloneError) in try await journal.update(status) }
            report.state = .failed
        }
        return report
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
