import DomainXML
import FoundationEssentials
import Interface
import Model

/// `--original-xml FILE --print-xml`: rewrites a domain XML without any host.
struct OfflineRewrite {
    var kind: OperationKind
    var file: String
    var operands: [String]
    var copy: CopyOptions
    var xml: XMLOptions

    func run(_ context: CommandContext) throws {
        try check(output: context.global.output)
        guard let bytes = try InputFile.read(file, field: "original_xml", limit: XMLLimits.standard.bytes) else {
            throw KVMCloneError(
                .invalidPath, "'\(Validation.printable(file))' doesn't exist", whatToDo: "name a domain XML",
                field: "original_xml")
        }
        try StandardOutput.write(rewrite(bytes))
    }

    /// Throws when an option is given that means nothing without hosts.
    func check(output: OutputFormat?) throws(KVMCloneError) {
        guard xml.printXML else {
            throw KVMCloneError(
                .validation, "--original-xml needs --print-xml", whatToDo: "add --print-xml", field: "print_xml")
        }
        guard operands.isEmpty else {
            throw KVMCloneError(
                .validation, "--original-xml works without hosts and VM",
                whatToDo: "leave out: \(operands.joined(separator: " "))", field: "arguments")
        }
        let useless = [
            ("output", output != nil), ("force", copy.force), ("dry-run", copy.transfer.dryRun),
            ("parallel", copy.transfer.parallel != nil), ("compress", copy.transfer.compress != nil),
            ("verify", copy.transfer.verify != nil),
            ("timeout", copy.transfer.timeout != nil), ("deadline", copy.transfer.deadline != nil),
            ("pool", copy.transfer.pool != nil),
            ("bwlimit", copy.transfer.bandwidthLimit != nil), ("view", copy.view != .container),
            ("flatten", copy.flatten),
            ("consistency", copy.transfer.consistency != .agent),
            ("copy-media", copy.copyMedia), ("path", copy.transfer.path != .auto),
            ("fanout", copy.transfer.fanOut != .auto),
            ("ssh-key", copy.transfer.ssh.key != nil),
            ("ssh-port", copy.transfer.ssh.port != nil),
        ]
        if let (name, _) = useless.first(where: \.1) {
            throw KVMCloneError(
                .validation, "--\(name) means nothing with --original-xml", whatToDo: "leave it out",
                field: name.replacing("-", with: "_"))
        }
    }

    /// The rewritten XML; what isn't named gets a fresh identity, as a real copy would.
    func rewrite(_ bytes: [UInt8]) throws(KVMCloneError) -> String {
        if let name = copy.newName { try Validation.vm(name) }
        let disks = try newDisks()
        let macs = try newMACs()
        let networks =
            try copy.transfer.networkConfig.map { path throws(KVMCloneError) in try NetworkMap.read(path) } ?? [:]
        let uuid = try xml.uuid.map { text throws(KVMCloneError) in try Rules.uuid(text, field: "uuid") }
        do throws(DomainXMLError) {
            let domain = try DomainDescription(parsing: bytes)
            let name = copy.newName ?? (kind == .clone ? "\(domain.name)_clone" : domain.name)
            var identity = DomainIdentity.fresh(for: domain, name: name, preservingMACs: copy.preserveMAC)
            identity.uuid = uuid.flatMap(UUID.init(libvirt:)) ?? identity.uuid
            var rewrite = IdentityRewrite(identity, disks: disks)
            rewrite.macs.merge(macs) { $1 }
            for (old, new) in networks {
                rewrite.networks[.network(old)] = .network(new)
                rewrite.networks[.bridge(old)] = .bridge(new)
            }
            let text = try rewrite.apply(to: bytes).xml
            return text.hasSuffix("\n") ? text : text + "\n"
        } catch {
            throw KVMCloneError(
                .validation, "can't rewrite the domain XML", cause: error.description,
                whatToDo: "correct the file or the options", field: "original_xml")
        }
    }

    private func newDisks() throws(KVMCloneError) -> [String: DiskRewrite] {
        var disks: [String: DiskRewrite] = [:]
        for (target, text) in try Rules.pairs(xml.disks, field: "disk") {
            let path = try Rules.absolutePath(text, field: "disk")
            disks[target] = DiskRewrite(path.hasPrefix("/dev/") ? .block(path) : .file(path))
        }
        return disks
    }

    private func newMACs() throws(KVMCloneError) -> [InterfaceSelector: MACAddress] {
        var macs: [InterfaceSelector: MACAddress] = [:]
        for (target, text) in try Rules.pairs(xml.macs, field: "mac") {
            let selector: InterfaceSelector =
                Int(target).map { .index($0) } ?? MACAddress(target).map { .mac($0) } ?? .target(target)
            macs[selector] = MACAddress(try Rules.mac(text, field: "mac"))
        }
        return macs
    }
}
