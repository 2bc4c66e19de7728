import AgentProtocol
import Model

extension Replica {
    /// The disks of a shut-off VM as if they were a replica's, so that they can be changed in the same way. Throws when they
    /// can't: what a sync would do to snapshots, or to disks that others share, isn't known.
    ///
    /// `origin`: the host that it gets its changes from.
    init(vm: SourceFacts, origin: String) throws(KVMCloneError) {
        let record = vm.record
        func refusal(_ reason: String, _ fix: String) -> KVMCloneError {
            KVMCloneError(
                .sync, "the VM '\(record.name)' is defined there, and \(reason)", host: vm.host, whatToDo: fix,
                exitCode: .preflight)
        }
        guard record.state == .stopped else {
            throw refusal(
                "\(record.state.rawValue): only one that is shut off is changed", "virsh shutdown \(record.name)")
        }
        guard record.isPersistent, record.snapshots.isEmpty, record.checkpoints.isEmpty, !record.hasManagedSave else {
            throw refusal(
                "has snapshots, checkpoints or a saved state, which belong to its disks as they are",
                "remove them, or choose another name with --target-name")
        }
        if let error = (vm.findings + SourceChecks(source: vm, options: CloneOptions()).diskFindings).error(on: vm.host)
        {
            throw error
        }
        var disks: [ReplicaRecord.Disk] = []
        var folders: Set<String> = []
        for disk in vm.domain.disks where disk.isWritten {
            guard let top = vm.layers[disk.target]?.first, !top.isBlockDevice else {
                throw refusal("its disk \(disk.target) is no file", "choose another name with --target-name")
            }
            folders.insert(ImageReference(path: top.path, format: top.format).folder)
            disks.append(
                ReplicaRecord.Disk(
                    target: disk.target, file: top.path.split(separator: "/").last.map(String.init) ?? "",
                    format: top.format, size: top.virtualSize))
        }
        guard folders.count == 1, let folder = folders.first else {
            throw refusal(
                folders.isEmpty
                    ? "has no disks" : "its disks are in several folders: \(folders.sorted().joined(separator: ", "))",
                "choose another name with --target-name")
        }
        self.init(
            folder: folder,
            record: ReplicaRecord(
                name: record.name, uuid: record.uuid, origin: origin, xml: record.inactiveXML, disks: disks,
                generation: 0, taken: "", operation: "", definition: record.inactiveXML))
    }
}
