extension DomainDescription {
    var deviceBlockers: [Blocker] {
        var found = hostDevices.map { device in
            Blocker(
                .blocks, "host device \(device.summary)",
                reason: "a device of the host (\(device.kind)) can't be copied",
                remedy: "detach it first (virsh detach-device --config)")
        }
        for folder in filesystems where folder.type != "mount" {
            found.append(
                Blocker(
                    .blocks, "filesystem \(folder.target ?? "")", reason: "its type '\(folder.type)' can't be copied",
                    remedy: "detach it first"))
        }
        for module in memoryDevices where ["nvdimm", "virtio-pmem"].contains(module.model) {
            found.append(
                Blocker(
                    .blocks, "\(module.model) memory",
                    reason: "its contents lie in \(module.path ?? "the host's memory")",
                    remedy: "copy what the guest keeps there, then remove the module"))
        }
        if let tpm { found += tpm.blockers }
        if let launchSecurity {
            found.append(
                Blocker(
                    .blocks, "memory encryption", reason: "\(launchSecurity) binds the guest to this host's processor",
                    remedy: "remove <launchSecurity> if the guest works without it"))
        }
        if let type = os.nvram?.storageType {
            found.append(
                Blocker(
                    .blocks, "UEFI variables", reason: "they lie on storage of type '\(type)'",
                    remedy: "move them to a file of the host"))
        }
        return found
    }
}

extension TPM {
    fileprivate var blockers: [Blocker] {
        switch backend {
        case .emulator:
            [
                Blocker(
                    .blocks, "TPM", reason: "the emulator keeps its keys in a folder of the host that is not copied",
                    remedy: "save what the guest sealed with it (BitLocker keys), then remove <tpm>")
            ]
        case .passthrough(let device):
            [
                Blocker(
                    .blocks, "TPM", reason: "it is the host's own (\(device ?? "not named"))",
                    remedy: "save what the guest sealed with it, then remove <tpm>")
            ]
        case .external:
            [
                Blocker(
                    .blocks, "TPM", reason: "its state is kept by a process that libvirt doesn't manage",
                    remedy: "save what the guest sealed with it, then remove <tpm>")
            ]
        }
    }
}
