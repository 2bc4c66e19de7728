import FoundationEssentials
import Testing

@testable import DomainXML

@Suite("The description of a domain")
struct DomainDescriptionTests {
    private func read(_ name: String) throws -> DomainDescription {
        try DomainDescription(parsing: Fixtures.domain(name))
    }

    @Test("has identity, size, machine and CPU")
    func basics() throws {
        let vm = try read("virt-install-debian.xml")
        #expect(vm.name == "web01" && vm.title == "Web server, Überlingen" && vm.type == "kvm")
        #expect(vm.uuid == UUID(libvirt: "4dea22b3-1d52-48f3-a516-782e98ab3fa0"))
        #expect(vm.memory == 2 << 30 && vm.maxMemory == nil)
        #expect(vm.vcpus == .init(current: 2, maximum: 4))
        #expect(vm.cpu == .init(mode: "custom", model: "qemu64", requiredFeatures: ["aes"]))
        #expect(vm.os.architecture == "x86_64" && vm.os.machine == "pc-q35-7.2" && vm.os.type == "hvm")
        #expect(!vm.os.isUEFI && vm.os.nvram == nil && vm.genID == nil)
        #expect(vm.emulator == "/usr/bin/qemu-system-x86_64")
        #expect(vm.metadataNamespaces == ["http://libosinfo.org/xmlns/libvirt/domain/1.0"])
    }

    @Test("has disks in order, with what tells them apart")
    func disks() throws {
        let vm = try read("virt-install-debian.xml")
        let disk = try #require(vm.disks.first)
        #expect(disk.target == "vda" && disk.bus == "virtio" && disk.device == .disk && disk.isCopied)
        #expect(disk.image == DiskImage(source: .file("/var/lib/libvirt/images/web01.qcow2"), format: "qcow2"))
        #expect(disk.serial == "WEB-0001" && disk.bootOrder == 1 && !disk.isReadOnly)
        #expect(vm.disks[1].device == .cdrom && vm.disks[1].isReadOnly && !vm.disks[1].isCopied)
        #expect(try read("windows-tpm-ovmf.xml").disks[1].image.source == .empty)
    }

    @Test("has backing chains as far as they are named")
    func chains() throws {
        let disks = try read("backing-chain.xml").disks
        #expect(disks[0].backingChain.map(\.source) == [.file("/images/mid.qcow2"), .block("/dev/vg/base")])
        #expect(disks[0].backingChain.map(\.format) == ["qcow2", "raw"])
        #expect(disks[0].backingChainIsComplete && !disks[1].backingChainIsComplete)
        #expect(disks[1].image.source == .volume(pool: "default", name: "data.qcow2"))
        #expect(disks[2].image.source == .block("/dev/vg/logs"))
        #expect(disks[3].image == DiskImage(source: .file("/images/old.img"), format: nil))
        #expect(disks[3].device == .disk)
    }

    @Test("has network storage and secrets")
    func networkStorage() throws {
        let disks = try read("ceph-rbd.xml").disks
        #expect(disks[0].image.source == .network(protocol: "rbd", name: "pool/image"))
        #expect(disks[0].secrets == [UUID(libvirt: "2a5b08e4-3dca-4ff9-9a1d-40389758d081")] && !disks[0].isEncrypted)
        #expect(disks[1].backingChain.map(\.source) == [.network(protocol: "nbd", name: "base")])
        #expect(disks[2].isEncrypted)
    }

    @Test("has firmware, NVRAM and direct boot")
    func firmware() throws {
        let windows = try read("windows-tpm-ovmf.xml")
        #expect(windows.os.loader == "/usr/share/OVMF/OVMF_CODE_4M.ms.fd" && windows.os.isUEFI)
        #expect(windows.os.nvram?.path == "/var/lib/libvirt/qemu/nvram/win2022_VARS.fd")
        #expect(windows.os.nvram?.template == "/usr/share/OVMF/OVMF_VARS_4M.ms.fd")
        #expect(windows.genID != nil && windows.tpm == TPM(model: "tpm-crb", backend: .emulator))
        let nested = try read("replica-note.xml").os.nvram
        #expect(nested?.path == "/vms/noted/vars.qcow2" && nested?.format == "qcow2" && nested?.storageType == nil)
        let automatic = try read("efi-autoselect.xml").os
        #expect(automatic.firmware == "efi" && automatic.isUEFI && automatic.nvram == nil)
        let direct = try read("direct-boot-shares.xml").os
        #expect(
            [direct.kernel, direct.initrd, direct.deviceTree] == [
                "/boot/vmlinuz-guest", "/boot/initrd-guest", "/boot/guest.dtb",
            ])
    }

    @Test("has interfaces and what they are plugged into")
    func interfaces() throws {
        let team = try read("failover-team.xml").interfaces
        #expect(team.map(\.attachment) == [.bridge("br0"), .network("hostdev-pool"), .device("eno1"), .network("ovs")])
        #expect(team.map(\.index) == [0, 1, 2, 3] && team[3].mac == nil && team[2].target == "macvtap7")
        let vhost = try read("direct-boot-shares.xml").interfaces[0]
        #expect(vhost.attachment == nil && vhost.hostPath == "/run/openvswitch/build-1.sock" && vhost.model == "virtio")
        #expect(try read("windows-tpm-ovmf.xml").interfaces[0].mac == MACAddress("52:54:00:aa:bb:01"))
    }

    @Test("has devices of the host, shared folders, ports and displays")
    func devices() throws {
        let gpu = try read("host-devices.xml")
        #expect(
            gpu.hostDevices.map(\.summary) == [
                "PCI 0000:06:02.0", "USB 1234:beef", "c2177883-f1bb-47f0-914d-32a22e3a8804", "SCSI scsi_host0",
                "PCI 0000:3b:02.1",
            ])
        #expect(gpu.hostDevices.map(\.kind) == ["pci", "usb", "mdev", "scsi", "interface"])
        #expect(gpu.usesHugepages && gpu.launchSecurity == "sev")
        #expect(gpu.memoryDevices == [MemoryDevice(model: "nvdimm", path: "/pmem/gpu.img")])
        let build = try read("direct-boot-shares.xml")
        #expect(build.filesystems.map(\.source) == ["/srv/build-1", nil])
        #expect(build.filesystems[1].socket == "/run/virtiofsd.sock")
        #expect(build.fixedVsockCID == 42 && build.hasQEMUCommandLine && build.staticSecurityLabels == ["selinux"])
        #expect(build.characterDevices.map(\.port) == [nil, "4555", nil])
        #expect(try read("windows-tpm-ovmf.xml").graphics == [Graphics(type: "spice", port: 5901, tlsPort: 5902)])
        #expect(try read("replica-note.xml").graphics == [Graphics(type: "vnc")])
    }

    @Test("has this project's own note")
    func note() throws {
        #expect(
            try read("replica-note.xml").ownMetadata == OwnMetadata(attributes: ["operation": "op-1", "source": "web"]))
    }

    @Test("survives coding", arguments: Fixtures.domainNames)
    func coding(_ name: String) throws {
        let vm = try read(name)
        #expect(try JSONDecoder().decode(DomainDescription.self, from: JSONEncoder().encode(vm)) == vm)
    }

    @Test(
        "reads memory in any unit of libvirt's",
        arguments: [
            ("<memory>1</memory>", 1024), ("<memory unit='b'>7</memory>", 7), ("<memory unit='KB'>2</memory>", 2000),
            ("<memory unit='k'>2</memory>", 2048), ("<memory unit='MiB'> 3 </memory>", 3 << 20),
            ("<memory unit='mb'>3</memory>", 3_000_000), ("<memory unit='G'>4</memory>", 4 << 30),
            ("<memory unit='TiB'>1</memory>", 1 << 40), ("<memory unit='EiB'>15</memory>", 15 << 60),
        ] as [(String, UInt64)])
    func memory(_ element: String, _ bytes: UInt64) throws {
        #expect(try DomainDescription(parsing: domain(element)).memory == bytes)
    }

    @Test(
        "refuses values that can't be",
        arguments: [
            "<memory unit='EiB'>16</memory>", "<memory unit='XiB'>1</memory>", "<memory>-1</memory>", "<memory/>", "",
            "<memory unit='Kib1'>1</memory>", "<memory>1</memory><uuid>12</uuid>", "<memory>1</memory><genid>x</genid>",
            "<memory>1</memory><vcpu>0</vcpu>", "<memory>1</memory><vcpu current='-1'>2</vcpu>",
            "<memory>1</memory><devices><disk/></devices>",
            "<memory>1</memory><devices><disk device='tape'><target dev='a'/></disk></devices>",
            "<memory>1</memory><devices><interface type='user'><mac address='x'/></interface></devices>",
        ])
    func badValues(_ elements: String) {
        #expect(throws: DomainXMLError.self) { try DomainDescription(parsing: domain(elements)) }
    }

    @Test("needs a name and an operating system type")
    func missing() {
        #expect(throws: DomainXMLError.missing("<name>", line: 1)) { try DomainDescription(parsing: "<domain/>") }
        #expect(throws: DomainXMLError.missing("<os> with a <type>", line: 1)) {
            try DomainDescription(parsing: "<domain><name>a</name><memory>1</memory></domain>")
        }
    }

    private func domain(_ elements: String) -> String {
        "<domain type='kvm'><name>a</name>\(elements)<os><type>hvm</type></os></domain>"
    }
}
