import DomainXML
import Testing

@Suite("What stops an offline copy")
struct BlockersTests {
    private func findings(_ name: String) throws -> [Blocker] {
        try DomainDescription(parsing: Fixtures.domain(name)).blockers
    }

    @Test(
        "is nothing for plain VMs",
        arguments: ["virt-install-debian.xml", "backing-chain.xml", "minimal.xml", "s390x.xml", "efi-autoselect.xml"])
    func plain(_ name: String) throws {
        #expect(try findings(name).allSatisfy { $0.kind != .blocks })
    }

    @Test(
        "is each device that can't be copied",
        arguments: [
            ("disk vdb", "NVMe"), ("disk vdc", "another process"), ("lun sda", "passes a SCSI device"),
            ("disk vda", "several VMs"), ("host device PCI 0000:06:02.0", "(pci)"),
            ("host device USB 1234:beef", "(usb)"),
            ("host device c2177883-f1bb-47f0-914d-32a22e3a8804", "(mdev)"),
            ("host device PCI 0000:3b:02.1", "(interface)"),
            ("nvdimm memory", "/pmem/gpu.img"), ("TPM", "/dev/tpm0"), ("memory encryption", "sev"),
        ])
    func devices(_ subject: String, _ reason: String) throws {
        let found = try findings("host-devices.xml").filter { $0.subject == subject && $0.kind == .blocks }
        #expect(found.count == 1)
        #expect(found.allSatisfy { $0.reason.contains(reason) && !$0.remedy.isEmpty })
    }

    @Test("is network storage, also at the base of a chain, and names secrets")
    func networkStorage() throws {
        let found = try findings("ceph-rbd.xml")
        #expect(found.filter { $0.kind == .blocks }.map(\.subject) == ["disk vda", "disk vdb"])
        let secrets = found.filter { $0.kind == .notice }.map(\.remedy).joined()
        #expect(secrets.contains("f52a81b2-424e-490c-823d-6bd4235bc572"))
    }

    @Test("is the state of an emulated TPM")
    func tpm() throws {
        #expect(try findings("windows-tpm-ovmf.xml").filter { $0.kind == .blocks }.map(\.subject) == ["TPM"])
    }

    @Test(
        "names the paths that must be on the target",
        arguments: [
            (
                "direct-boot-shares.xml",
                [
                    "/boot/vmlinuz-guest", "/boot/initrd-guest", "/boot/guest.dtb", "/srv/build-1",
                    "/run/virtiofsd.sock",
                    "/run/openvswitch/build-1.sock", "/var/log/vms", "/dev/parport0",
                ]
            ),
            ("virt-install-debian.xml", ["/var/lib/libvirt/images/web01-seed.iso", "/usr/bin/qemu-system-x86_64"]),
            (
                "windows-tpm-ovmf.xml",
                [
                    "/usr/share/OVMF/OVMF_CODE_4M.ms.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd",
                    "/usr/bin/qemu-system-x86_64",
                ]
            ), ("host-devices.xml", ["/etc/roms/card.rom"]), ("efi-autoselect.xml", []),
        ])
    func paths(_ name: String, _ wanted: [String]) throws {
        let paths = try findings(name).compactMap { finding in
            if case .mustExistOnTarget(let path) = finding.kind { path } else { nil }
        }
        #expect(paths == wanted)
    }

    @Test("comes before what doesn't block, and includes notices")
    func order() throws {
        for domain in DomainGenerator.all {
            let kinds = try DomainDescription(parsing: domain.xml).blockers.map { $0.kind == .blocks }
            #expect(kinds == kinds.sorted { $0 && !$1 })
        }
        let notices = try findings("direct-boot-shares.xml").filter { $0.kind == .notice }.map(\.subject)
        #expect(notices == ["QEMU command line", "serial"])
    }

    @Test(
        "covers media and rarer disks",
        arguments: [
            ("<disk type='dir' device='disk'><source dir='/srv/fat'/><target dev='a'/></disk>", Blocker.Kind.blocks),
            ("<disk type='odd' device='disk'><source x='y'/><target dev='a'/></disk>", .blocks),
            (
                "<disk type='file'><source file='/a'><slices><slice type='storage' offset='0' size='1'/></slices></source><target dev='a'/></disk>",
                .blocks
            ),
            ("<disk type='network' device='cdrom'><source protocol='http'/><target dev='a'/></disk>", .notice),
            ("<disk type='volume' device='cdrom'><source pool='p' volume='v'/><target dev='a'/></disk>", .notice),
            (
                "<disk type='block' device='cdrom'><source dev='/dev/sr0'/><target dev='a'/></disk>",
                .mustExistOnTarget(path: "/dev/sr0")
            ),
            ("<graphics type='vnc'><listen type='address' address='10.0.0.5'/></graphics>", .notice),
            ("<filesystem type='block'><source dev='/dev/x'/><target dir='t'/></filesystem>", .blocks),
            ("<tpm><backend type='external'><source type='unix' path='/run/t'/></backend></tpm>", .blocks),
        ])
    func rare(_ device: String, _ kind: Blocker.Kind) throws {
        let xml =
            "<domain><name>a</name><memory>1</memory><os><type>hvm</type></os><devices>\(device)</devices></domain>"
        #expect(try DomainDescription(parsing: xml).blockers.map(\.kind) == [kind])
    }
}
