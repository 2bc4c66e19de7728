import AgentProtocol
import Model

/// How each step is taken back. Every undo may be done twice, and works without the agent that did the step. `run` is the
/// run of the operation that undoes it; a later one may claim names again.
package enum StepUndo {
    package static func undo(
        _ step: Step, on driver: any HostDriver, operation: OperationID, run: Int = .max
    ) async throws(KVMCloneError) {
        switch step {
        case .claim:
            _ = try await driver.call(ReleaseClaims(operation: operation.description, fence: run))
        case .openSend(_, let job):
            try await close(job, on: driver)
        case .backup(_, let backup):
            _ = try await driver.call(CloseBackup(backup))
        case .openReceive(_, let job, let folders):
            try await close(job, on: driver)
            _ = try await driver.call(
                Sweep(operation: operation.description, folders: folders, published: []))
        case .publish(_, let job, let folders, let files):
            try await close(job, on: driver)
            _ = try await driver.call(
                Sweep(operation: operation.description, folders: folders, published: files))
        case .undefine(_, _, let xml):
            try await driver.define(xml)
        case .tidy(_, let folders, let files):
            _ = try await driver.call(
                Tidy(operation: operation.description, folders: folders, files: files))
            _ = try await driver.call(ReleaseClaims(operation: operation.description, fence: run))
        case .define(_, let uuid):
            let isThere = try await driver.domains().contains { $0.uuid == uuid }
            if isThere { try await driver.undefine(uuid: uuid) }
        }
    }

    /// Closes a job. An agent that doesn't know it has nothing to close.
    private static func close(_ job: HexBytes, on driver: any HostDriver) async throws(KVMCloneError) {
        do {
            _ = try await driver.call(Close(job: job))
        } catch  where error.code == .operationNotFound {
            return
        }
    }
}
