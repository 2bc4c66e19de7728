import DomainXML
import FoundationEssentials
import Testing

@Suite("A rewrite")
struct RewriteTests {
    private let uuid = UUID(libvirt: "99999999-9999-4999-8999-999999999999")

    @Test("reports each change with its place, old and new value")
    func changes() throws {
        let rewrite = IdentityRewrite(
            name: "web02", uuid: uuid, macs: [.index(0): try mac("52:54:00:00:00:01")],
            disks: ["vda": DiskRewrite(.file("/pool/web02.qcow2"))], networks: [.network("default"): .bridge("br0")])
        let result = try rewrite.apply(to: Fixtures.domain("virt-install-debian.xml"))
        let lines = result.changes.map { "\($0.path): \($0.old ?? "-") -> \($0.new ?? "-")" }
        #expect(
            lines == [
                "/domain/devices/interface/mac/@address: 52:54:00:6b:3c:58 -> 52:54:00:00:00:01",
                "/domain/devices/interface/source/@network: default -> -",
                "/domain/devices/interface/@type: network -> bridge",
                "/domain/devices/interface/source/@bridge: - -> br0",
                "/domain/devices/disk[1]/source/@file: /var/lib/libvirt/images/web01.qcow2 -> /pool/web02.qcow2",
                "/domain/devices/graphics/@autoport: no -> yes", "/domain/devices/graphics/@port: 5910 -> -1",
                "/domain/devices/channel/source/@path: "
                    + "/var/lib/libvirt/qemu/channel/target/domain-3-web01/org.qemu.guest_agent.0 -> -",
                "/domain/devices/serial/log/@file: /var/log/libvirt/qemu/web01-serial0.log -> "
                    + "/var/log/libvirt/qemu/web02-serial0.log",
                "/domain/name: web01 -> web02",
                "/domain/uuid: 4dea22b3-1d52-48f3-a516-782e98ab3fa0 -> 99999999-9999-4999-8999-999999999999",
            ])
        #expect(result.xml.contains("web01-seed.iso"))
    }

    @Test("gives the SMBIOS table the new UUID, and the NVRAM file the new name")
    func smbiosAndNVRAM() throws {
        let result = try IdentityRewrite(name: "win2", uuid: uuid, genID: uuid)
            .apply(to: Fixtures.domain("windows-tpm-ovmf.xml"))
        #expect(result.xml.contains("<entry name=\"uuid\">99999999-9999-4999-8999-999999999999</entry>"))
        let after = try DomainDescription(parsing: result.xml)
        #expect(after.os.nvram?.path == "/var/lib/libvirt/qemu/nvram/win2_VARS.fd")
        #expect(after.genID == uuid)
        #expect(after.disks[0].image.source == .file("/vms/win2022/system.qcow2"))
    }

    @Test("leaves ports, labels and context ids alone for a copy that stays the same VM")
    func sameVM() throws {
        let xml = try Fixtures.domain("direct-boot-shares.xml")
        let result = try IdentityRewrite(freesHostResources: false).apply(to: xml)
        #expect(result.changes.isEmpty)
        let freed = try IdentityRewrite().apply(to: xml)
        #expect(freed.changes.count == 3)
        #expect(try DomainDescription(parsing: freed.xml).staticSecurityLabels.isEmpty)
        #expect(freed.xml.contains("<seclabel type=\"none\" model=\"dac\"/>"))
    }

    @Test("takes a firmware that libvirt picks, and refuses NVRAM where there is no UEFI")
    func nvram() throws {
        let rewrite = IdentityRewrite(nvramPath: "/new/vars.fd")
        let result = try rewrite.apply(to: Fixtures.domain("efi-autoselect.xml"))
        #expect(result.xml.contains("hvm</type>\n    <nvram>/new/vars.fd</nvram>\n    <boot"))
        #expect(throws: DomainXMLError.noNVRAM) { try rewrite.apply(to: Fixtures.domain("backing-chain.xml")) }
    }

    @Test("replaces, sets and removes its own note and no other")
    func note() throws {
        let xml = try Fixtures.domain("replica-note.xml")
        let note = OwnMetadata(attributes: ["operation": "op-2", "source": "a \"b\" <c> & d"])
        let set = try IdentityRewrite(note: .set(note)).apply(to: xml)
        #expect(try DomainDescription(parsing: set.xml).ownMetadata == note)
        #expect(try IdentityRewrite(note: .set(note)).apply(to: set.xml).changes.isEmpty)
        let removed = try IdentityRewrite(note: .remove).apply(to: set.xml)
        #expect(try DomainDescription(parsing: removed.xml).metadataNamespaces == ["urn:other:app"])
        let fresh = try IdentityRewrite(note: .set(note)).apply(to: Fixtures.domain("minimal.xml"))
        #expect(try DomainDescription(parsing: fresh.xml).ownMetadata == note)
        #expect(try IdentityRewrite().apply(to: fresh.xml).changes.count == 1)
    }

    @Test(
        "refuses what contradicts the domain or itself",
        arguments: [
            (IdentityRewrite(disks: ["vdz": .init(.file("/a"))]), DomainXMLError.unknownDisk(target: "vdz", known: [])),
            (IdentityRewrite(macs: [.index(4): .init(0)]), .unknownInterface(.index(4), count: 4)),
            (IdentityRewrite(macs: [.target("tap9"): .init(0)]), .unknownInterface(.target("tap9"), count: 4)),
            (IdentityRewrite(macs: [.mac(.init(1)): .init(2)]), .unknownInterface(.mac(.init(1)), count: 4)),
            (
                IdentityRewrite(macs: [.mac(.init(1)): .init(2), .mac(.init(2)): .init(1)]),
                .conflictingRewrite("")
            ),
            (
                IdentityRewrite(networks: [.network("a"): .network("b"), .network("b"): .network("a")]),
                .conflictingRewrite("")
            ),
        ])
    func refusals(_ rewrite: IdentityRewrite, _ wanted: DomainXMLError) throws {
        let xml = try Fixtures.domain("failover-team.xml")
        let error = #expect(throws: DomainXMLError.self) { try rewrite.apply(to: xml) }
        if case .conflictingRewrite = wanted, case .conflictingRewrite(let why)? = error {
            #expect(!why.isEmpty)
        } else {
            #expect(error == wanted)
        }
    }

    @Test(
        "refuses values that must not get into the XML",
        arguments: [
            IdentityRewrite(name: ""), IdentityRewrite(name: "a/b"), IdentityRewrite(name: "a\nb"),
            IdentityRewrite(name: ".."),
            IdentityRewrite(name: String(repeating: "a", count: 256)), IdentityRewrite(nvramPath: "relative"),
            IdentityRewrite(disks: ["vda": .init(.file("relative"))]),
            IdentityRewrite(disks: ["vda": .init(.file("/a\0b"))]),
            IdentityRewrite(disks: ["vda": .init(.block("/a\nb"))]),
            IdentityRewrite(disks: ["vda": .init(.file("/a"), format: "")]),
            IdentityRewrite(disks: ["vda": .init(.file("/a"), format: "a b")]),
            IdentityRewrite(disks: ["vda": .init(.file("/a"), backing: .chain([.init(.file("b"), format: "raw")]))]),
            IdentityRewrite(note: .set(OwnMetadata(attributes: ["a b": "c"]))),
            IdentityRewrite(note: .set(OwnMetadata(attributes: ["a": "\u{1}"]))),
        ])
    func unusable(_ rewrite: IdentityRewrite) throws {
        let xml = try Fixtures.domain("backing-chain.xml")
        let error = #expect(throws: DomainXMLError.self) { try rewrite.apply(to: xml) }
        guard case .unusableValue? = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
    }

    @Test("writes hostile values as text")
    func escaping() throws {
        let name = "a'\"<&>]]>é"
        let path = "/p/\"'<x>&amp;$(y)"
        let result = try IdentityRewrite(name: name, disks: ["vda": .init(.file(path))])
            .apply(to: Fixtures.domain("backing-chain.xml"))
        let after = try DomainDescription(parsing: result.xml)
        #expect(after.name == name)
        #expect(after.disks[0].image.source == .file(path))
    }

    @Test("lets a position win over an address")
    func selectors() throws {
        let xml = try Fixtures.domain("failover-team.xml")
        let old = try mac("00:11:22:33:44:55")
        let rewrite = IdentityRewrite(
            macs: [.mac(old): .init(1), .index(0): .init(2), .index(3): .init(3), .target("macvtap7"): .init(4)])
        let result = try rewrite.apply(to: xml)
        let macs = try DomainDescription(parsing: result.xml).interfaces.map(\.mac)
        #expect(macs == [.init(2), .init(1), .init(4), .init(3)])
        #expect(try rewrite.apply(to: result.xml).changes.isEmpty)
    }

    private func mac(_ text: String) throws -> MACAddress { try #require(MACAddress(text)) }
}

extension MACAddress {
    /// The n-th address of a test.
    init(_ number: UInt64) {
        var generator = SeededGenerator(seed: number)
        self = .random(using: &generator)
    }
}
