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

    /// Undoes the open steps of every operation that has ended or whose process is gone. One that hadn't ended is
    /// marked failed. Answers with the ids of those that are clean now. A host that can't be reached keeps its steps
    /// for the next time.
    package func cleanUp() async throws(KVMCloneError) -> [OperationID] {
        var cleaned: [OperationID] = []
        for var status in try await journal.operations(includingEnded: true) {
            let steps = try await journal.openSteps(of: status.id)
            if status.state.isFinal {
                guard !steps.isEmpty else { continue }
            } else {
                guard let owner = try await journal.owner(of: status.id), !owner.isAlive else { continue }
            }
            var isClean = true
            for record in steps.reversed() {
                do throws(KVMCloneError) {
                    try await StepUndo.undo(record.step, on: hosts(record.step.host), operation: status.id)
                    try await journal.forget([record.number], operation: status.id)
                } catch {
                    isClean = false
                    logger.error(
                        "undo failed",
                        metadata: ["operation": "\(status.id)", "host": "\(record.step.host)", "error": "\(error)"])
                }
            }
            guard isClean else { continue }
            if !status.state.isFinal {
                status.state = .failed
                status.completed = Timestamp.now
                try await journal.update(status)
            }
            cleaned.append(status.id)
        }
        return cleaned
    }
}
