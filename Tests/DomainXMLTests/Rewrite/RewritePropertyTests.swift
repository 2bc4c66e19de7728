import DomainXML
import FoundationEssentials
import Testing

@Suite("A rewrite of any domain XML")
struct RewritePropertyTests {
    @Test("the generator gives 200 documents that cover every fragment, the same each time")
    func generatorIsComplete() throws {
        #expect(DomainGenerator.all.count == 200)
        let everything = DomainGenerator.all.map(\.xml).joined()
        for mark in [
            "protocol='rbd'", "protocol='iscsi'", "type='nvme'", "type='vhostuser'", "macvtap7", "type='mdev'",
            "tpm-crb",
            "virtiofs", "hyperv", "nvdimm", "numatune", "qemu:arg", "CDATA", "&#9;", "日本語", "address='42'", "i6300esb",
            "<backingStore type='block'>", "ivshmem", "teaming", "tlsPort", "launchSecurity", "AAVMF", "mdev",
        ] {
            #expect(everything.contains(mark), "no document has \(mark)")
        }
        #expect(Set(DomainGenerator.all.map(\.xml)).count == 200)
    }

    @Test("changes declared nodes only, and a second run changes nothing", arguments: DomainGenerator.all)
    func generated(_ domain: GeneratedDomain) throws {
        try check(domain.xml, seed: UInt64(domain.number))
    }

    @Test("changes declared nodes only, and a second run changes nothing", arguments: Fixtures.domainNames)
    func handwritten(_ name: String) throws {
        for seed in 0..<3 { try check(Fixtures.domain(name), seed: UInt64(seed)) }
    }

    @Test("with nothing to change keeps the canonical form and reports nothing", arguments: DomainGenerator.all)
    func emptyRewrite(_ domain: GeneratedDomain) throws {
        let result = try IdentityRewrite(freesHostResources: false, note: .keep).apply(to: domain.xml)
        #expect(result.changes.isEmpty)
        #expect(try CanonicalXML(of: result.xml) == CanonicalXML(of: domain.xml))
    }

    @Test(
        "is checked by a comparison that notices a change of any other node",
        arguments: [
            ("<vmport state='off'/>", "<vmport state='on'/>"), ("web01-seed.iso", "web02-seed.iso"), ("<acpi/>", ""),
            ("<model type='virtio'/>", "<model type='e1000'/>"), ("<apic/>", "<!-- a --><apic/>"),
            ("WEB-0001", "WEB-0002"),
            ("'org.qemu.guest_agent.0'/>", "'org.qemu.guest_agent.1'/>"), ("Überlingen", "Uberlingen"),
        ])
    func oracle(_ old: String, _ new: String) throws {
        let xml = try Fixtures.domain("virt-install-debian.xml")
        let changed = xml.split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
        #expect(changed != xml)
        #expect(
            try CanonicalXML(of: xml, ignoring: DeclaredNodes.xpaths)
                != CanonicalXML(of: changed, ignoring: DeclaredNodes.xpaths))
    }

    private func check(_ xml: String, seed: UInt64) throws {
        let original = try DomainDescription(parsing: xml)
        let rewrite = fullRewrite(of: original, seed: seed)
        let once = try rewrite.apply(to: xml)
        #expect(
            try CanonicalXML(of: xml, ignoring: DeclaredNodes.xpaths)
                == CanonicalXML(of: once.xml, ignoring: DeclaredNodes.xpaths))
        let twice = try rewrite.apply(to: once.xml)
        #expect(twice.changes == [])
        #expect(twice.xml == once.xml)
        #expect(!once.changes.isEmpty)
        try checkValues(rewrite, original: original, result: once)
    }

    private func checkValues(_ rewrite: IdentityRewrite, original: DomainDescription, result: RewrittenXML) throws {
        let after = try DomainDescription(parsing: result.xml)
        #expect(after.name == rewrite.name)
        #expect(after.uuid == rewrite.uuid)
        #expect(after.genID == rewrite.genID)
        #expect(after.ownMetadata == nil)
        #expect(after.staticSecurityLabels.isEmpty)
        #expect(after.fixedVsockCID == nil)
        #expect(after.graphics.allSatisfy { $0.port == nil && $0.tlsPort == nil && $0.websocketPort == nil })
        #expect(after.memory == original.memory)
        let oldMACs = Set(original.interfaces.compactMap(\.mac))
        #expect(after.interfaces.compactMap(\.mac).allSatisfy { !oldMACs.contains($0) })
        #expect(Set(after.interfaces.compactMap(\.mac)).count == oldMACs.count)
        #expect(!after.interfaces.contains { $0.attachment == .network("default") })
        for (old, new) in zip(original.disks, after.disks) {
            guard let wanted = rewrite.disks[old.target] else {
                #expect(new == old)
                continue
            }
            #expect(new.image.source.path == wanted.location.path)
            #expect((new.image.format ?? "raw") == wanted.format ?? old.image.format ?? "raw")
            #expect(new.secrets.isEmpty || old.isEncrypted)
            switch wanted.backing {
            case .keep: #expect(new.backingChain == old.backingChain)
            case .drop: #expect(new.backingChain.isEmpty && !new.backingChainIsComplete)
            case .chain(let bases):
                #expect(new.backingChain.map(\.source.path) == bases.map(\.location.path))
                #expect(new.backingChain.map(\.format) == bases.map(\.format))
                #expect(new.backingChainIsComplete)
            }
        }
    }

    /// Every kind of change at once, in kinds that differ from seed to seed.
    private func fullRewrite(of original: DomainDescription, seed: UInt64) -> IdentityRewrite {
        var random = SeededGenerator(seed: seed ^ 0xC10E)
        let identity = DomainIdentity.fresh(for: original, name: original.name + "_clone", using: &random)
        var disks: [String: DiskRewrite] = [:]
        for (index, disk) in original.disks.enumerated() where disk.device == .disk || disk.device == .lun {
            let path = "/new/\(disk.target)"
            disks[disk.target] =
                switch (Int(seed) + index) % 5 {
                case 0: DiskRewrite(.file(path))
                case 1: DiskRewrite(.block("/dev/\(disk.target)"), format: "raw")
                case 2:
                    DiskRewrite(.file(path), format: "qcow2", backing: .chain([.init(.file("/new/b0"), format: "raw")]))
                case 3: DiskRewrite(.file(path), backing: .chain([]))
                default:
                    DiskRewrite(
                        .file(path), format: "qcow2",
                        backing: .chain([
                            .init(.file("/new/b0"), format: "qcow2"), .init(.block("/dev/b1"), format: "qcow2"),
                            .init(.file("/new/b2"), format: "raw"),
                        ]))
                }
        }
        var rewrite = IdentityRewrite(identity, disks: disks, nvramPath: original.os.isUEFI ? "/new/vars.fd" : nil)
        rewrite.networks = [
            .network("default"): seed % 2 == 0 ? .network("lan") : .bridge("br9"), .bridge("br0"): .network("lan"),
            .device("eno1"): seed % 3 == 0 ? .device("eth7") : .bridge("br9"),
        ]
        return rewrite
    }
}
