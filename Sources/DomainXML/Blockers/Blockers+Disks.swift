extension DomainDisk {
    var blockers: [Blocker] {
        switch device {
        case .cdrom, .floppy: mediumFindings
        case .lun:
            [
                blocks(
                    "it passes a SCSI device of the host through to the guest",
                    "detach it, or attach its storage as a plain disk (device='disk')")
            ]
        case .disk: diskFindings
        }
    }

    private var subject: String { "\(device.rawValue) \(target)" }

    private func blocks(_ reason: String, _ remedy: String) -> Blocker {
        Blocker(.blocks, subject, reason: reason, remedy: remedy)
    }

    private var mediumFindings: [Blocker] {
        switch image.source {
        case .file(let path), .block(let path), .directory(let path):
            [
                Blocker(
                    .mustExistOnTarget(path: path), subject, reason: "its medium stays where it is",
                    remedy: "put the medium there on the target, or eject it")
            ]
        case .volume(let pool, let name):
            [
                Blocker(
                    .notice, subject, reason: "its medium is volume '\(name)' of pool '\(pool)' and is not copied",
                    remedy: "make sure that the target has that volume, or eject it")
            ]
        case .empty: []
        case .network, .nvme, .vhost, .other:
            [
                Blocker(
                    .notice, subject, reason: "its medium lies elsewhere and is not copied",
                    remedy: "make sure that the target can reach it, or eject it")
            ]
        }
    }

    private var diskFindings: [Blocker] {
        var found: [Blocker] = []
        let move = "move its contents to a file, block device or pool volume first, or detach it"
        switch image.source {
        case .file, .block, .volume, .empty: break
        case .network(let kind, _): found.append(blocks("its storage is reached over the network (\(kind))", move))
        case .nvme: found.append(blocks("it is an NVMe device of the host", move))
        case .directory: found.append(blocks("it shows a folder of the host as a FAT disk", move))
        case .vhost: found.append(blocks("its storage is served by another process of the host", move))
        case .other(let type): found.append(blocks("its type '\(type)' is not known here", move))
        }
        if image.source.isLocal, let base = backingChain.first(where: { !$0.source.isLocal }) {
            let place =
                if case .network(let kind, _) = base.source { "on network storage (\(kind))" } else { "elsewhere" }
            found.append(
                blocks("an image that it is based on lies \(place)", "flatten the disk (virsh blockpull) first"))
        }
        if isShareable {
            found.append(
                blocks(
                    "several VMs may write to it at once", "detach it, or remove <shareable/> if only this VM uses it"))
        }
        if hasSlices { found.append(blocks("it is a part of a larger file or device (<slices>)", move)) }
        if isEncrypted || !secrets.isEmpty {
            let names = secrets.map(\.libvirtText).joined(separator: ", ")
            found.append(
                Blocker(
                    .notice, subject, reason: "its image is encrypted",
                    remedy:
                        "define the secret \(names) on the target with the same UUID and value (virsh secret-define)"))
        }
        return found
    }
}
