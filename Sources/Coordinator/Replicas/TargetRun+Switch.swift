import AgentProtocol
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
        let current = sync.current?.merged
        try await ledger.perform(
            .switchReplica(
                host: host, folder: target.folder, replica: target.newName, generation: next.generation,
                previous: current)
        ) { () throws(KVMCloneError) in
            _ = try await driver.call(
                SwitchReplica(
                    folder: target.folder, replica: target.newName, from: current?.generation, to: next))
        }
        // From here on this is the replica's state; what is left to do can't take it back.
        try await ledger.settle(
            host: host,
            leaving: .mergeReplica(
                host: host, folder: target.folder, replica: target.newName,
                jobs: [operation.comparisonJob, operation.job], files: files))
        return await shielded { await tidy() }
    }

    /// Merges the overlays. What compared the disks below them has these locked, and ends first.
    func mergeReplica() async throws(KVMCloneError) {
        try await StepUndo.close(operation.comparisonJob, on: driver)
        _ = try await driver.call(MergeReplica(folder: target.folder, replica: target.newName))
    }
}
