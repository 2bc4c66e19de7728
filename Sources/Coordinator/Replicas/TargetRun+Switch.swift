import AgentProtocol
import DomainXML
import Model

extension TargetRun {
    /// Makes the published files the replica's state, all disks at once, and merges them. Answers with warnings.
    ///
    /// `files`: paths of what was published.
    func switchReplica(
        _ sync: SyncPlan, _ files: [String], isVerified: Bool
    ) async throws(KVMCloneError) -> [String] {
        var next = sync.record(
            files: operation.plan.files, names: target.fileNames, operation: operation.id, taken: taken)
        // All of it was compared: what was the same by its digests, what was sent when it was read back.
        if isVerified { (next.verified, next.differs) = (taken, false) }
        // What was written since an older one is more than what was written since now.
        next.checkpoint = backup?.checkpoint ?? sync.recorded?.checkpoint
        let current = sync.recorded
        try await ledger.perform(
            .switchReplica(
                host: host, folder: target.folder, replica: target.newName, generation: next.generation,
                previous: current)
        ) { () throws(KVMCloneError) in
            _ = try await driver.call(
                SwitchReplica(
                    folder: target.folder, replica: target.newName, from: current?.generation, to: next))
        }
        if let definition = next.definition { try await define(next, instead: definition) }
        // From here on this is the replica's state; what is left to do can't take it back.
        try await ledger.settle(
            host: host,
            leaving: .mergeReplica(
                host: host, folder: target.folder, replica: target.newName,
                jobs: [operation.comparisonJob, operation.job], files: files, definition: next.definition))
        return await shielded { await tidy() }
    }

    /// Merges the overlays. What compared the disks below them has these locked, and ends first.
    func mergeReplica() async throws(KVMCloneError) {
        try await StepUndo.close(operation.comparisonJob, on: driver)
        try await StepUndo.merge(
            target.newName, in: target.folder, definition: target.sync?.current?.definition, on: driver)
    }

    /// Defines a VM with the overlays on top of its disks, so that it has its new state while they are merged.
    private func define(_ next: ReplicaRecord, instead definition: String) async throws(KVMCloneError) {
        let record = try await expectStopped(definition)
        let xml: String
        do throws(DomainXMLError) {
            var change = IdentityRewrite(freesHostResources: false, note: .keep)
            for disk in next.disks {
                guard let overlay = disk.overlay else { continue }
                change.disks[disk.target] = DiskRewrite(.file("\(target.folder)/\(overlay)"), format: "qcow2")
            }
            xml = try change.apply(to: definition).xml
        } catch {
            throw KVMCloneError(.sync, "the VM's domain XML can't be used", host: host, cause: "\(error)")
        }
        try await ledger.perform(.redefine(host: host, uuid: record.uuid, xml: definition)) {
            () throws(KVMCloneError) in
            try await driver.define(xml)
        }
    }

    /// The VM whose disks are changed. Throws when it was started, removed or defined anew since it was looked at.
    func expectStopped(_ definition: String) async throws(KVMCloneError) -> DomainRecord {
        guard let record = try await driver.domain(named: target.newName), record.state == .stopped,
            record.inactiveXML == definition
        else {
            throw KVMCloneError(
                .sync, "VM '\(target.newName)' was started or changed since it was looked at", host: host,
                whatToDo: "shut it down and sync again", exitCode: .preflight)
        }
        return record
    }
}
