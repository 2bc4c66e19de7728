import AgentProtocol
import DataPlane
import Model

/// Brings a replica's generation from overlays into the files below them.
struct ReplicaMerge {
    let folder: ReplicaFolder

    static func merge(_ request: MergeReplica) throws {
        guard Inspection.exists(request.folder) else { return }
        try ReplicaMerge(folder: try ReplicaFolder(request.folder)).merge(request)
    }

    /// Each overlay is merged, then the record forgets it, then its file goes: wherever this breaks off, what the record names
    /// shows the generation's state.
    private func merge(_ request: MergeReplica) throws {
        guard var record = try folder.record(of: request.replica), record.needsMerge else { return }
        for (place, disk) in record.disks.enumerated() {
            guard let overlay = disk.overlay else { continue }
            try QemuImg.commit(try chain(overlay, over: disk), in: folder.root)
            record.disks[place].overlay = nil
            record.retired.append(overlay)
            try folder.write(record)
        }
        guard !request.keepsFiles else { return }
        let files = Set(record.disks.map(\.file))
        for file in record.retired where !files.contains(file) { try folder.root.remove(try FileName(file)) }
        record.retired = []
        try folder.write(record)
    }

    private func chain(_ overlay: String, over disk: ReplicaRecord.Disk) throws -> BackingChain {
        let base = folder.path + "/" + disk.file
        let chain = try Inspection.chain(
            ImageReference(path: folder.path + "/" + overlay, format: "qcow2"),
            declared: [ImageReference(path: base, format: disk.format)], roots: [folder.path])
        guard chain.layers.count > 1, chain.layers[1].path == base, chain.layers[1].format.rawValue == disk.format
        else {
            throw KVMCloneError(
                .validation, "\(chain.layers[0].path) isn't on top of \(disk.file), as its record says")
        }
        return chain
    }
}
