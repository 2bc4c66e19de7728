import AgentProtocol
import DomainXML
import Model

/// What stands in the way of copying a running VM's disks under overlays.
struct SeedChecks {
    let source: SourceFacts
    let options: CloneOptions

    func findings() -> [PreflightFinding] {
        func blocks(_ reason: String, _ fix: String) -> PreflightFinding {
            .blocks(.validation, "VM '\(source.record.name)' can't be seeded: \(reason)", fix: fix)
        }
        var findings: [PreflightFinding] = []
        guard let live = source.live, ["kvm", "qemu"].contains(live.type) else {
            return [blocks("its driver makes no overlays", "move it --warm or --cold")]
        }
        if source.record.isBusy {
            findings.append(
                blocks(
                    "a job of libvirt's holds it, such as a migration or a backup",
                    "wait for its end: virsh domjobinfo \(source.record.name)"))
        }
        if !options.verify {
            findings.append(
                blocks("what is copied first has to be verified before it is used", "leave --no-verify out"))
        }
        var folders: Set<String> = []
        for disk in source.domain.disks where disk.isWritten {
            guard let top = source.layers[disk.target]?.first, !top.isBlockDevice else {
                findings.append(blocks("its disk \(disk.target) is no file", "move it --live"))
                continue
            }
            folders.insert(ImageReference(path: top.path, format: top.format).folder)
            let running = live.disks.first { $0.target == disk.target }
            if running?.image.source != disk.image.source {
                findings.append(
                    blocks(
                        "its disk \(disk.target) is another one than its definition has",
                        "shut it down, or undo the snapshot: virsh domblklist \(source.record.name)"))
            }
        }
        if folders.count > 1 {
            findings.append(
                blocks(
                    "its disks are in several folders: \(folders.sorted().joined(separator: ", "))", "move it --live"))
        }
        if !source.record.checkpoints.isEmpty {
            findings.append(
                .warning(.clone, "its checkpoints stay behind: the next sync from the new host compares the disks"))
        }
        return findings
    }
}

extension SourceFacts {
    /// The overlays that its disks are to get. All of them are in one folder.
    func overlays(for operation: OperationID) -> Overlays {
        let written = domain.disks.filter(\.isWritten)
        var folder = ""
        let disks = written.compactMap { disk -> Overlays.Disk? in
            guard let top = layers[disk.target]?.first else { return nil }
            let image = ImageReference(path: top.path, format: top.format)
            folder = image.folder
            return Overlays.Disk(
                target: disk.target, file: String(top.path.dropFirst(folder.count + 1)), format: top.format,
                size: top.virtualSize,
                overlay: OperationFiles.overlay(of: record.name, disk: disk.target, operation: "\(operation)"))
        }
        return Overlays(
            host: host, operation: "\(operation)", name: record.name, uuid: record.uuid, folder: folder,
            definition: record.inactiveXML, disks: disks)
    }
}
