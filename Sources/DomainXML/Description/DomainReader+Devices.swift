extension DomainInterface {
    init(_ interface: XMLNode, index: Int) throws(DomainXMLError) {
        var mac: MACAddress?
        if let element = interface.child("mac"), let text = element["address"] {
            guard let address = MACAddress(text) else {
                throw .invalidValue(of: "'address' of <mac>", expected: "six pairs of hex digits", line: element.line)
            }
            mac = address
        }
        let type = interface["type"] ?? ""
        let source = interface.child("source")
        let hostPath: String? =
            switch type {
            case "vhostuser": source?["path"]
            case "vdpa": source?["dev"]
            default: nil
            }
        self.init(
            index: index, mac: mac, type: type, attachment: NetworkAttachment(type: type, source: source),
            hostPath: hostPath, model: interface.child("model")?["type"], target: interface.child("target")?["dev"],
            bootOrder: try interface.child("boot")?.count("order"))
    }
}

extension NetworkAttachment {
    init?(type: String, source: XMLNode?) {
        switch type {
        case "network": guard let name = source?["network"] else { return nil }; self = .network(name)
        case "bridge": guard let name = source?["bridge"] else { return nil }; self = .bridge(name)
        case "direct": guard let name = source?["dev"] else { return nil }; self = .device(name)
        default: return nil
        }
    }
}

extension CharacterDevice {
    static let kinds: Set = ["serial", "parallel", "console", "channel"]

    init?(_ element: XMLNode) {
        guard Self.kinds.contains(element.name), element.namespace == nil else { return nil }
        let type = element["type"] ?? "pty"
        let listening = element.children("source").first { $0["mode"] == "bind" }
        self.init(
            kind: element.name, type: type,
            path: type == "pty" ? nil : element.child("source")?["path"], listens: listening != nil,
            port: ["tcp", "udp"].contains(type) ? listening?["service"] : nil,
            logPath: element.child("log")?["file"], name: element.child("target")?["name"],
            state: element.child("target")?["state"])
    }
}

extension Graphics {
    init(_ element: XMLNode) {
        let isAutomatic = element["autoport"] == "yes"
        func fixed(_ attribute: String) -> Int? { element[attribute].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
        let listener = element.children("listen").first { $0["type"] == "socket" }
        self.init(
            type: element["type"] ?? "", port: isAutomatic ? nil : fixed("port"),
            tlsPort: isAutomatic ? nil : fixed("tlsPort"), websocketPort: fixed("websocket"),
            socket: listener?["socket"] ?? element["socket"],
            listenAddress: element.children("listen").compactMap { $0["address"] }.first ?? element["listen"])
    }
}

extension SharedFolder {
    init(_ element: XMLNode) {
        let source = element.child("source")
        self.init(
            type: element["type"] ?? "mount", source: source.flatMap { $0["dir"] ?? $0["file"] ?? $0["dev"] },
            socket: source?["socket"], target: element.child("target")?["dir"])
    }
}

extension HostDevice {
    init?(_ element: XMLNode) {
        guard element.namespace == nil else { return nil }
        let source = element.child("source")
        switch (element.name, element["type"]) {
        case ("hostdev", let type):
            let kind = type ?? source.flatMap { $0["type"] } ?? "unnamed"
            self.init(
                kind: element["mode"] == "capabilities" ? "\(kind) (capabilities)" : kind, summary: Self.name(source))
        case ("interface", "hostdev"): self.init(kind: "interface", summary: Self.name(source))
        case ("smartcard", _) where element["mode"] == "host":
            self.init(kind: "smartcard", summary: "the host's reader")
        default: return nil
        }
    }

    /// A PCI address as `lspci` writes it, a USB id as `lsusb` does, or the attributes as they stand.
    private static func name(_ source: XMLNode?) -> String {
        guard let source else { return "not named" }
        func hex(_ text: String?) -> String { text.map { $0.hasPrefix("0x") ? String($0.dropFirst(2)) : $0 } ?? "0" }
        if let address = source.child("address") {
            if address["type"] == "pci" || address["slot"] != nil {
                let slot = "\(hex(address["domain"])):\(hex(address["bus"])):\(hex(address["slot"]))"
                return "PCI \(slot).\(hex(address["function"]))"
            }
            if let uuid = address["uuid"] { return uuid }
            if let bus = address["bus"], let device = address["device"] { return "USB bus \(bus) device \(device)" }
        }
        if let vendor = source.child("vendor")?["id"], let product = source.child("product")?["id"] {
            return "USB \(hex(vendor)):\(hex(product))"
        }
        if let adapter = source.child("adapter")?["name"] { return "SCSI \(adapter)" }
        return source["dev"] ?? source["wwpn"] ?? source["name"] ?? source["protocol"] ?? "not named"
    }
}

extension MemoryDevice {
    init(_ element: XMLNode) {
        self.init(model: element["model"] ?? "", path: element.child("source", "path")?.value)
    }
}

extension TPM {
    init(_ element: XMLNode) {
        let backend = element.child("backend")
        let kind: Backend =
            switch backend?["type"] {
            case "passthrough": .passthrough(device: backend?.child("device")?["path"])
            case "external": .external(socket: backend?.child("source")?["path"])
            default: .emulator
            }
        self.init(model: element["model"], backend: kind)
    }
}
