extension DomainDescription {
    /// Paths that the copy names and that must be on the target host. Each path once.
    var hostPathFindings: [Blocker] {
        var seen: Set<String> = []
        return (firmwarePaths + sharedPaths + otherHostPaths).compactMap { item in
            guard seen.insert(item.path).inserted else { return nil }
            return Blocker(
                .mustExistOnTarget(path: item.path), item.purpose, reason: "\(item.purpose) lies at \(item.path)",
                remedy: "install or copy it on the target, at the same path")
        }
    }

    private var firmwarePaths: [HostPath] {
        let named: [(String?, String)] = [
            (os.kernel, "the kernel of a direct boot"), (os.initrd, "the initrd of a direct boot"),
            (os.deviceTree, "the device tree of a direct boot"), (os.loader, "the firmware image"),
            (os.nvram?.template, "the template of the UEFI variables"), (emulator, "the QEMU binary"),
        ]
        return named.compactMap { path, purpose in path.map { HostPath(path: $0, purpose: purpose) } }
    }

    private var sharedPaths: [HostPath] {
        var paths: [HostPath] = []
        for folder in filesystems where folder.type == "mount" {
            if let source = folder.source { paths.append(HostPath(path: source, purpose: "a shared folder")) }
            if let socket = folder.socket { paths.append(HostPath(path: socket, purpose: "the socket of virtiofsd")) }
        }
        for interface in interfaces {
            if let path = interface.hostPath {
                paths.append(HostPath(path: path, purpose: "the back end of network interface \(interface.index)"))
            }
        }
        for device in characterDevices {
            guard let path = device.path, path.hasPrefix("/") else { continue }
            if device.type == "dev" || device.type == "pipe" || (device.type == "unix" && !device.listens) {
                paths.append(HostPath(path: path, purpose: "the host's end of a \(device.kind)"))
            } else if device.type == "file" || device.type == "unix" {
                paths += Self.folder(of: path, purpose: "the folder of a \(device.kind)'s file or socket")
            }
        }
        for path in characterDevices.compactMap(\.logPath) {
            paths += Self.folder(of: path, purpose: "the folder of a serial log")
        }
        return paths
    }

    /// Nothing for folders that libvirt makes by itself.
    private static func folder(of path: String, purpose: String) -> [HostPath] {
        guard path.hasPrefix("/"), !NamedPath.libvirtFolders.contains(where: path.hasPrefix),
            let slash = path.lastIndex(of: "/"), slash != path.startIndex
        else { return [] }
        return [HostPath(path: String(path[..<slash]), purpose: purpose)]
    }

    /// What the copy keeps as it stands and somebody should look at.
    var notices: [Blocker] {
        var found: [Blocker] = []
        if hasQEMUCommandLine {
            found.append(
                Blocker(
                    .notice, "QEMU command line", reason: "options given to QEMU directly are kept word for word",
                    remedy: "check them for paths, names and ports of the original"))
        }
        for display in graphics {
            guard let address = display.listenAddress, !Self.addressesOfAnyHost.contains(address) else { continue }
            found.append(
                Blocker(
                    .notice, "\(display.type) display", reason: "it listens on the address \(address) of this host",
                    remedy: "change it where the target doesn't have that address (virsh edit)"))
        }
        for device in characterDevices {
            guard let port = device.port else { continue }
            found.append(
                Blocker(
                    .notice, device.kind, reason: "it listens on port \(port) of the host",
                    remedy: "check that the port is free on the target"))
        }
        return found
    }

    private static let addressesOfAnyHost: Set = ["0.0.0.0", "::", "127.0.0.1", "::1", "localhost"]
}
