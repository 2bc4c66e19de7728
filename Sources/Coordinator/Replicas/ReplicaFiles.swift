import AgentProtocol
import Model

extension Replica {
    /// Its disks as a guest would read them, in the order of `files`; nil where it has no such disk.
    func files(like files: [ClonePlan.File]) -> [ClonePlan.File?] {
        files.map { file in
            guard let disk = record.disks.first(where: { $0.target == file.disk }) else { return nil }
            return self.file(of: disk, index: file.index)
        }
    }

    /// How a disk is read: through its overlay, where one isn't merged yet.
    func file(of disk: ReplicaRecord.Disk, index: UInt16) -> ClonePlan.File {
        let base = "\(folder)/\(disk.file)"
        let top = disk.overlay.map { "\(folder)/\($0)" }
        var locked = [base: disk.format]
        if let top { locked[top] = "qcow2" }
        let format = top == nil ? disk.format : "qcow2"
        return ClonePlan.File(
            index: index, disk: disk.target, layer: 0, sourcePath: top ?? base, sourceFormat: format, format: format,
            guestView: format != "raw", size: disk.size, used: disk.size, isBlockDevice: false, lockedPaths: locked)
    }
}
