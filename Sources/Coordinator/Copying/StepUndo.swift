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
        case .checkpoint(_, let domain, let name):
            try await driver.deleteCheckpoint(ofDomain: domain, name)
        case .openReceive(_, let job, let folders):
            try await close(job, on: driver)
            _ = try await driver.call(
                Sweep(operation: operation.description, folders: folders, published: []))
        case .publish(_, let job, let folders, let files):
            try await close(job, on: driver)
            _ = try await driver.call(
                Sweep(operation: operation.description, folders: folders, published: files))
        case .undefine(_, _, let xml), .redefine(_, _, let xml):
            try await driver.define(xml)
        case .tidy(_, let folders, let files):
            _ = try await driver.call(
                Tidy(operation: operation.description, folders: folders, files: files))
            _ = try await driver.call(ReleaseClaims(operation: operation.description, fence: run))
        case .switchReplica(_, let folder, let replica, let generation, let previous):
            try await switchBack(replica, in: folder, from: generation, to: previous, on: driver)
        case .mergeReplica(_, let folder, let replica, let jobs, let files, let definition):
            for job in jobs { try await close(job, on: driver) }
            try await merge(replica, in: folder, definition: definition, on: driver)
            _ = try await driver.call(
                Tidy(operation: operation.description, folders: [folder], files: files))
            _ = try await driver.call(ReleaseClaims(operation: operation.description, fence: run))
        case .removeReplica(_, let folder, let replica, let generation):
            try await switchBack(replica, in: folder, from: generation, to: nil, on: driver)
            _ = try await driver.call(ReleaseClaims(operation: operation.description, fence: run))
        case .detach(_, let uuid, let attachments):
            let isThere = try await driver.domains().contains { $0.uuid == uuid }
            if isThere { try await driver.attach(attachments, toDomain: uuid) }
        case .shutDown(_, let uuid):
            let domain = try await driver.domains().first { $0.uuid == uuid }
            if domain?.state == .stopped { try await driver.start(domain: uuid) }
        case .depart(_, let uuid, let xml):
            let isThere = try await driver.domains().contains { $0.uuid == uuid }
            if !isThere { try await driver.define(xml) }
        case .arrive(_, let uuid):
            try await Arrival.takeBack(uuid, on: driver)
        case .handOver(let handOver):
            try await Arrival.complete(handOver, on: driver)
            _ = try await driver.call(ReleaseClaims(operation: operation.description, fence: run))
        case .tunnel(_, let job):
            _ = try await driver.call(CloseTunnel(job: job, operation: operation.description))
        case .seed(let overlays): try await overlays.takeOff(on: driver)
        // `LiveMove.resolve` has done what there is to do.
        case .moveLive: break
        case .define(_, let uuid):
            let isThere = try await driver.domains().contains { $0.uuid == uuid }
            if isThere { try await driver.undefine(uuid: uuid) }
        }
    }

    /// Merges a replica's overlays. A VM that was synced gets its `definition` back, for it is no replica.
    static func merge(
        _ replica: String, in folder: String, definition: String?, on driver: any HostDriver
    ) async throws(KVMCloneError) {
        guard let definition else {
            _ = try await driver.call(MergeReplica(folder: folder, replica: replica))
            return
        }
        let found = try await driver.call(ListReplicas(folders: [folder])).first { $0.name == replica }
        guard let record = found?.record, record.definition == definition else { return }
        _ = try await driver.call(MergeReplica(folder: folder, replica: replica, keepsFiles: true))
        try await driver.define(definition)
        _ = try await driver.call(MergeReplica(folder: folder, replica: replica))
        _ = try await driver.call(
            SwitchReplica(folder: folder, replica: replica, from: record.generation, to: nil))
    }

    /// Gives a replica an earlier record, or none, unless it has another one than the step gave it.
    private static func switchBack(
        _ replica: String, in folder: String, from generation: Int, to previous: ReplicaRecord?,
        on driver: any HostDriver
    ) async throws(KVMCloneError) {
        let found = try await driver.call(ListReplicas(folders: [folder])).first { $0.name == replica }
        guard found?.record?.generation == generation else { return }
        _ = try await driver.call(
            SwitchReplica(folder: folder, replica: replica, from: generation, to: previous))
    }

    /// Closes a job. An agent that doesn't know it has nothing to close.
    static func close(_ job: HexBytes, on driver: any HostDriver) async throws(KVMCloneError) {
        do {
            _ = try await driver.call(Close(job: job))
        } catch  where error.code == .operationNotFound {
            return
        }
    }
}
