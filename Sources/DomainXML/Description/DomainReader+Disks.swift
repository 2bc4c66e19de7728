import FoundationEssentials

extension DiskImage {
    /// Reads a `<disk>` or a `<backingStore>`, which have the same shape but for the format.
    init(_ element: XMLNode) {
        let source = element.child("source")
        let format = element.name == "disk" ? element.child("driver")?["type"] : element.child("format")?["type"]
        self.init(source: DiskSource(type: element["type"] ?? "file", source: source), format: format)
    }
}

extension DiskSource {
    init(type: String, source: XMLNode?) {
        switch type {
        case "file": self = source?["file"].map(Self.file) ?? .empty
        case "block": self = source?["dev"].map(Self.block) ?? .empty
        case "dir": self = source?["dir"].map(Self.directory) ?? .empty
        case "volume":
            if let pool = source?["pool"], let name = source?["volume"] {
                self = .volume(pool: pool, name: name)
            } else {
                self = .empty
            }
        case "network":
            self = source.map { .network(protocol: $0["protocol"] ?? "unnamed", name: $0["name"]) } ?? .empty
        case "nvme": self = .nvme(namespace: source?["namespace"])
        case "vhostuser": self = .vhost(source?["path"])
        case "vhostvdpa": self = .vhost(source?["dev"])
        default: self = .other(type: type)
        }
    }
}

extension DomainDisk {
    init(_ disk: XMLNode) throws(DomainXMLError) {
        guard let target = disk.child("target"), let name = target["dev"], !name.isEmpty else {
            throw .missing("<target dev=…> of a disk", line: disk.line)
        }
        guard let device = Device(rawValue: disk["device"] ?? "disk") else {
            throw .invalidValue(of: "'device' of <disk>", expected: "disk, cdrom, floppy or lun", line: disk.line)
        }
        let (chain, isComplete) = Self.backingChain(below: disk)
        let source = disk.child("source")
        let encryption = [disk.child("encryption"), source?.child("encryption")].compactMap { $0 }
        let secrets = (encryption + [disk.child("auth"), source?.child("auth")].compactMap { $0 })
            .flatMap { $0.children("secret") }.compactMap { $0["uuid"] }.compactMap { UUID(libvirt: $0) }
        self.init(
            target: name, bus: target["bus"], device: device, image: DiskImage(disk), backingChain: chain,
            backingChainIsComplete: isComplete, isReadOnly: disk.child("readonly") != nil,
            isShareable: disk.child("shareable") != nil, isTransient: disk.child("transient") != nil,
            serial: disk.child("serial")?.value, bootOrder: try disk.child("boot")?.count("order"),
            isEncrypted: !encryption.isEmpty, secrets: secrets,
            hasSlices: source?.child("slices") != nil,
            hasExplicitSecurityLabel: source?.children("seclabel").contains { $0.child("label") != nil } ?? false)
    }

    private static func backingChain(below disk: XMLNode) -> (images: [DiskImage], isComplete: Bool) {
        var images: [DiskImage] = []
        var level = disk.child("backingStore")
        while let element = level {
            // An element without a type says that nothing follows.
            guard element["type"] != nil || element.child("source") != nil else { return (images, true) }
            images.append(DiskImage(element))
            level = element.child("backingStore")
        }
        return (images, false)
    }
}
