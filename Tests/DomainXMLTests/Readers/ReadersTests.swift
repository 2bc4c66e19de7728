import DomainXML
import FoundationEssentials
import Testing

@Suite("Readers of what a host has")
struct ReadersTests {
    @Test("a pool")
    func pool() throws {
        let pool = try PoolDescription(parsing: Fixtures.text("hosts/pool.xml"))
        #expect(pool.name == "default" && pool.type == "dir" && pool.targetPath == "/var/lib/libvirt/images")
        #expect(pool.capacity == 105_088_212_992 && pool.available == 100_000_000_000 && pool.holdsFiles)
        #expect(throws: DomainXMLError.missing("'type' of <pool>", line: 1)) {
            try PoolDescription(parsing: "<pool><name>a</name></pool>")
        }
    }

    @Test("a volume")
    func volume() throws {
        let volume = try VolumeDescription(parsing: Fixtures.text("hosts/volume.xml"))
        #expect(volume.name == "web.qcow2" && volume.path == "/images/web.qcow2" && volume.format == "qcow2")
        #expect(volume.capacity == 20 << 30 && volume.allocation == 1_437_204_480)
        #expect(volume.backingPath == "/images/base.qcow2" && volume.backingFormat == "qcow2")
        #expect(throws: DomainXMLError.missing("<capacity>", line: 1)) {
            try VolumeDescription(parsing: "<volume><name>a</name></volume>")
        }
    }

    @Test("a network")
    func network() throws {
        let network = try NetworkDescription(parsing: Fixtures.text("hosts/network.xml"))
        #expect(network.name == "lan" && network.forwardMode == "bridge" && network.bridge == "br0")
        #expect(network.portGroups == ["vlan-01", "vlan-02"])
        #expect(try NetworkDescription(parsing: "<network><name>a</name></network>").forwardMode == nil)
    }

    @Test("host capabilities")
    func capabilities() throws {
        let host = try HostCapabilities(parsing: Fixtures.text("hosts/capabilities.xml"))
        #expect(host.cpu.architecture == "x86_64" && host.cpu.model == "Skylake-Server-IBRS")
        #expect(host.cpu.vendor == "Intel" && host.cpu.features == ["ss", "hypervisor"])
        let machines = host.machines(domainType: "kvm", architecture: "x86_64", osType: "hvm")
        #expect(machines == ["pc-i440fx-7.2", "pc", "q35", "pc-q35-7.2", "kvm-only"])
        #expect(host.machines(domainType: "kvm", architecture: "aarch64", osType: "hvm") == nil)
        #expect(throws: DomainXMLError.self) { try HostCapabilities(parsing: "<capabilities/>") }
    }

    @Test("domain capabilities")
    func domainCapabilities() throws {
        let capabilities = try DomainCapabilities(parsing: Fixtures.text("hosts/domain-capabilities.xml"))
        #expect(capabilities.machine == "pc-q35-7.2" && capabilities.maxVCPUs == 288)
        #expect(capabilities.cpuModes == ["maximum", "host-model", "custom"])
        #expect(
            capabilities.usableCPUModels == ["qemu64"] && capabilities.unusableCPUModels == ["Skylake-Server", "EPYC"])
        #expect(capabilities.firmware == ["bios", "efi"])
        #expect(capabilities.loaders == ["/usr/share/OVMF/OVMF_CODE_4M.fd"])
    }

    @Test("refuse another kind of document", arguments: ["<domain/>", "<!DOCTYPE pool><pool/>"])
    func wrongKind(_ xml: String) {
        #expect(throws: DomainXMLError.self) { try PoolDescription(parsing: xml) }
        #expect(throws: DomainXMLError.self) { try VolumeDescription(parsing: xml) }
        #expect(throws: DomainXMLError.self) { try NetworkDescription(parsing: xml) }
        #expect(throws: DomainXMLError.self) { try HostCapabilities(parsing: xml) }
        #expect(throws: DomainXMLError.self) { try DomainCapabilities(parsing: xml) }
    }
}
