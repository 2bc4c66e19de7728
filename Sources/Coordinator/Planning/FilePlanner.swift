import AgentProtocol
import DomainXML
import Model

/// Decides which files are copied, as what, and how the copies are called.
struct FilePlanner {
    let facts: SourceFacts
    let options: CloneOptions

    /// The files of all disks, each chain from the top to the base, then the NVRAM.
    func files() -> [ClonePlan.File] {
        var files: [ClonePlan.File] = []
        for disk in facts.domain.disks {
            guard let layers = facts.layers[disk.target], let top = layers.first else { continue }
            // What runs is read through its backup, which shows what the guest reads.
            let isLive = facts.isRunning && disk.isWritten
            let isFlattened = (options.flatten || isLive) && layers.count > 1
            // A raw image's own bytes are what its guest reads.
            let isGuestView =
                isLive
                || (options.view == .guest || isFlattened) && !(layers.count == 1 && top.format == "raw")
            let copied = isGuestView ? [top] : layers
            for (place, layer) in copied.enumerated() {
                let locked = isGuestView ? layers : [layer]
                files.append(
                    ClonePlan.File(
                        index: UInt16(files.count), disk: disk.target, layer: place, sourcePath: layer.path,
                        sourceFormat: layer.format, format: layer.format, guestView: isGuestView,
                        size: isGuestView ? layer.virtualSize : layer.fileSize,
                        used: isGuestView
                            ? min(layer.virtualSize, layers.reduce(0) { $0 + $1.allocated }) : layer.allocated,
                        isBlockDevice: layer.isBlockDevice,
                        lockedPaths: facts.isRunning
                            ? [:] : Dictionary(locked.map { ($0.path, $0.format) }) { first, _ in first },
                        scratchFolder: isLive ? facts.scratchFolder(for: layer.path) : nil))
            }
        }
        if let nvram = facts.nvram {
            files.append(
                ClonePlan.File(
                    index: UInt16(files.count), disk: "nvram", layer: 0, sourcePath: nvram.path,
                    sourceFormat: nvram.format, format: nvram.format, guestView: false, size: nvram.fileSize,
                    used: nvram.allocated, isBlockDevice: false,
                    lockedPaths: facts.isRunning ? [:] : [nvram.path: nvram.format]))
        }
        return files
    }

    /// The copies' file names: `web01-vda.qcow2`, its backing file `web01-vda.base1.qcow2`, `web01-nvram.fd`.
    static func names(for files: [ClonePlan.File], vm newName: String) -> [String] {
        files.map { file in
            if file.disk == "nvram" { return "\(newName)-nvram.fd" }
            let suffix = file.format == "raw" ? "img" : file.format
            let layer = file.layer == 0 ? "" : ".base\(file.layer)"
            return "\(newName)-\(file.disk)\(layer).\(suffix)"
        }
    }
}
