import Logging
import Model
import Synchronization

/// One operation's steps: written to the journal before they act, undone in reverse order when they must be.
package final class Ledger: Sendable {
    private let operation: OperationID
    private let journal: any Journal
    private let open = Mutex<[StepRecord]>([])
    private let logger: Logger

    package init(operation: OperationID, journal: any Journal, logger: Logger) {
        self.operation = operation
        self.journal = journal
        self.logger = logger
    }

    /// Writes the step down, then acts. When the act fails, the step stays open, for an act that failed may have
    /// had part of its effect.
    package func perform<Value: Sendable>(
        _ step: Step, _ act: () async throws(KVMCloneError) -> Value
    ) async throws(KVMCloneError) -> Value {
        let number = try await journal.willDo(step, operation: operation)
        open.withLock { $0.append(StepRecord(number: number, step: step)) }
        return try await act()
    }

    /// Forgets the host's steps: what they did is to stay. When the journal can't be told, all of them are open as
    /// before, for whoever finds them there later would undo them.
    package func settle(host: String) async throws(KVMCloneError) {
        let records = take(host)
        do throws(KVMCloneError) {
            try await journal.forget(records.map(\.number), operation: operation)
        } catch {
            open.withLock { $0 += records }
            throw error
        }
    }

    /// Undoes the host's steps, the last first. What can't be undone stays in the journal, and is told.
    package func undo(on driver: any HostDriver) async -> [String] {
        var complaints: [String] = []
        for record in take(driver.name).reversed() {
            do {
                try await StepUndo.undo(record.step, on: driver, operation: operation)
                try await journal.forget([record.number], operation: operation)
            } catch {
                logger.error("undo failed", metadata: ["host": "\(driver.name)", "error": "\(error)"])
                complaints.append("could not undo a step: \(error)")
            }
        }
        return complaints
    }

    private func take(_ host: String) -> [StepRecord] {
        open.withLock { records in
            let mine = records.filter { $0.step.host == host }
            records.removeAll { $0.step.host == host }
            return mine
        }
    }
}
