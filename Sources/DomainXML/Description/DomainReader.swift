import FoundationEssentials

extension DomainDescription {
    /// Reads an inactive domain XML.
    public init(parsing xml: String) throws(DomainXMLError) {
        try self.init(parsing: Array(xml.utf8))
    }

    /// Reads an inactive domain XML from bytes of unknown origin, such as a file.
    public init(parsing bytes: [UInt8], limits: XMLLimits = .standard) throws(DomainXMLError) {
        let tree = try XMLTree(parsing: bytes, root: "domain", limits: limits)
        try self.init(reading: tree.root)
    }

    init(reading domain: XMLNode) throws(DomainXMLError) {
        guard let name = domain.child("name")?.text, !name.isEmpty else { throw .missing("<name>", line: domain.line) }
        guard let memory = domain.child("memory") else { throw .missing("<memory>", line: domain.line) }
        let devices = domain.child("devices")
        self.name = name
        uuid = try domain.child("uuid").map { element throws(DomainXMLError) in try element.uuid() }
        genID = try Self.genID(of: domain)
        title = domain.child("title")?.text
        type = domain["type"] ?? ""
        self.memory = try ByteUnit.bytes(in: memory)
        maxMemory = try domain.child("maxMemory").map { node throws(DomainXMLError) in try ByteUnit.bytes(in: node) }
        vcpus = try VCPUs(domain: domain)
        cpu = CPU(domain.child("cpu"))
        os = try OperatingSystem(domain: domain)
        disks = try (devices?.children("disk") ?? []).map { disk throws(DomainXMLError) in try DomainDisk(disk) }
        interfaces = try (devices?.children("interface") ?? []).enumerated().map {
            item throws(DomainXMLError) in try DomainInterface(item.element, index: item.offset)
        }
        characterDevices = (devices?.elements ?? []).compactMap(CharacterDevice.init)
        graphics = (devices?.children("graphics") ?? []).map(Graphics.init)
        filesystems = (devices?.children("filesystem") ?? []).map(SharedFolder.init)
        hostDevices = (devices?.elements ?? []).compactMap(HostDevice.init)
        memoryDevices = (devices?.children("memory") ?? []).map(MemoryDevice.init)
        tpm = devices?.child("tpm").map(TPM.init)
        fixedVsockCID = devices?.child("vsock", "cid").flatMap { $0["auto"] == "yes" ? nil : $0["address"] }
            .flatMap { UInt32($0) }
        emulator = devices?.child("emulator")?.value
        otherHostPaths = HostPath.others(in: domain)
        usesHugepages = domain.child("memoryBacking", "hugepages") != nil
        launchSecurity = domain.child("launchSecurity").map { $0["type"] ?? "unnamed" }
        staticSecurityLabels = domain.children("seclabel").filter { $0["type"] == "static" }.map {
            $0["model"] ?? "any"
        }
        let metadata = domain.child("metadata")?.elements ?? []
        metadataNamespaces = metadata.compactMap(\.namespace)
        ownMetadata = metadata.first { $0.namespace == OwnMetadata.namespace }.map { OwnMetadata($0) }
        let escapes: Set = ["commandline", "override", "capabilities", "deprecation"]
        hasQEMUCommandLine = domain.elements.contains {
            escapes.contains($0.name) && $0.namespace?.hasPrefix("http://libvirt.org/schemas/domain/qemu/") == true
        }
    }

    private static func genID(of domain: XMLNode) throws(DomainXMLError) -> UUID? {
        guard let element = domain.child("genid"), element.value != nil else { return nil }
        return try element.uuid()
    }
}

extension XMLNode {
    func uuid() throws(DomainXMLError) -> UUID {
        guard let uuid = UUID(libvirt: text) else {
            throw .invalidValue(of: "<\(name)>", expected: "a UUID", line: line)
        }
        return uuid
    }

    /// A whole number, 0 or more, in an attribute; nil without the attribute.
    func count(_ attribute: String) throws(DomainXMLError) -> Int? {
        guard let text = self[attribute] else { return nil }
        guard let number = Int(text.trimmingBlanks()), number >= 0 else {
            throw .invalidValue(of: "'\(attribute)' of <\(name)>", expected: "a whole number, 0 or more", line: line)
        }
        return number
    }
}

extension DomainDescription.VCPUs {
    init(domain: XMLNode) throws(DomainXMLError) {
        guard let element = domain.child("vcpu") else {
            self.init(current: 1, maximum: 1)
            return
        }
        guard let maximum = element.value.flatMap({ Int($0) }), maximum > 0 else {
            throw .invalidValue(of: "<vcpu>", expected: "a whole number above 0", line: element.line)
        }
        self.init(current: try element.count("current") ?? maximum, maximum: maximum)
    }
}

extension DomainDescription.CPU {
    init(_ element: XMLNode?) {
        let required = element?.children("feature").filter { ["force", "require", nil].contains($0["policy"]) } ?? []
        self.init(
            mode: element?["mode"], model: element?.child("model")?.value,
            requiredFeatures: required.compactMap { $0["name"] })
    }
}

extension OwnMetadata {
    init(_ element: XMLNode) { self.init(attributes: element.plainAttributes) }
}
