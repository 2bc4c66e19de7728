import Logging
import Model
import Synchronization

/// One operation's steps: written to the journal before they act, undone in reverse order when they must be.
package final class Ledger: Sendable {
    private let operation: OperationID
    private let journal: any Journal
    private let run: Int
    private let open: Mutex<[StepRecord]>
    private let logger: Logger

    /// `attempt`: the run of the operation, with the steps that earlier ones have left open. Those that move the VM are none of
    /// its copies' business.
    package init(operation: OperationID, journal: any Journal, attempt: Attempt = Attempt(), logger: Logger) {
        run = attempt.number
        open = Mutex(attempt.steps.filter { !$0.step.movesVM })
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

    /// Forgets the host's steps: what they did is to stay, for the target has its copy. When the journal can't be told, all
    /// of them are open as before, for whoever finds them there later would undo them.
    ///
    /// `step`: what is left to do there.
    package func settle(host: String, leaving step: Step) async throws(KVMCloneError) {
        let records = take(host)
        do throws(KVMCloneError) {
            let number = try await journal.settle(
                records.map(\.number), host: host, leaving: step, operation: operation)
            open.withLock { $0.append(StepRecord(number: number, step: step)) }
        } catch {
            open.withLock { $0 += records }
            throw error
        }
    }

    /// Takes over steps that an earlier run has left open.
    package func adopt(_ records: [StepRecord]) { open.withLock { $0 = records + $0 } }

    /// The steps that are open, oldest first.
    package var records: [StepRecord] { open.withLock { $0 } }

    /// Forgets steps that others have undone or completed, here only.
    package func drop(_ numbers: Set<Int>) {
        open.withLock { records in records.removeAll { numbers.contains($0.number) } }
    }

    /// Undoes the host's steps, the last first. What can't be undone stays in the journal, and is told.
    package func undo(on driver: any HostDriver) async -> [String] {
        var complaints: [String] = []
        for record in take(driver.name).reversed() {
            do {
                try await StepUndo.undo(record.step, on: driver, operation: operation, run: run)
                try await journal.forget([record.number], operation: operation)
            } catch {
                logger.error("undo failed", metadata: ["host": "\(driver.name)", "error": "\(error)"])
                complaints.append("could not undo a step: \(error)")
            }
        }
        return complaints
    }

    /// Undoes what an earlier run has done to the host's libvirt, the last step first, so that the host is as it was but
    /// for files. What can't be undone stays in the journal.
    package func undoDefinitions(on driver: any HostDriver) async throws(KVMCloneError) {
        let records = open.withLock { $0.filter { $0.step.host == driver.name && $0.step.isDefinition } }
        for record in records.reversed() {
            try await StepUndo.undo(record.step, on: driver, operation: operation, run: run)
            try await journal.forget([record.number], operation: operation)
            open.withLock { $0.removeAll { $0.number == record.number } }
        }
    }

    /// Forgets that a checkpoint was made: it is to stay.
    package func keepCheckpoint(_ name: String) async throws(KVMCloneError) {
        func isIt(_ step: Step) -> Bool { if case .checkpoint(_, _, name) = step { true } else { false } }
        let numbers = open.withLock { records in
            let found = records.filter { isIt($0.step) }.map(\.number)
            records.removeAll { isIt($0.step) }
            return found
        }
        try await journal.forget(numbers, operation: operation)
    }

    /// Forgets the host's steps: there is nothing left to do.
    package func forget(host: String) async throws(KVMCloneError) {
        try await journal.forget(take(host).map(\.number), operation: operation)
    }

    /// True when anything is left to undo, or to do, on the host.
    package func hasSteps(on host: String) -> Bool {
        open.withLock { records in records.contains { $0.step.host == host } }
    }

    /// True when an earlier run may have changed what the host's libvirt has.
    package func hasDefinitions(on host: String) -> Bool {
        open.withLock { records in records.contains { $0.step.host == host && $0.step.isDefinition } }
    }

    /// True when the host may have partial files of the operation.
    package func holdsFiles(on host: String) -> Bool {
        open.withLock { records in
            records.contains { record in
                switch record.step {
                case .openReceive(host, _, _), .publish(host, _, _, _): true
                default: false
                }
            }
        }
    }

    /// Files that were published, or about to be, on the host.
    package func publishedFiles(on host: String) -> Set<String> {
        open.withLock { records in
            Set(
                records.flatMap { record -> [String] in
                    guard case .publish(host, _, _, let files) = record.step else { return [] }
                    return files.map(\.path)
                })
        }
    }

    private func take(_ host: String) -> [StepRecord] {
        open.withLock { records in
            let mine = records.filter { $0.step.host == host }
            records.removeAll { $0.step.host == host }
            return mine
        }
    }
}
