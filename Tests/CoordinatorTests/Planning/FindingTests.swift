import Coordinator
import Model
import Simulation
import Testing

/// Everything that the preflight can find, one row each. Nothing is changed by a plan.
@Suite struct FindingTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var what: String
        var severity: PreflightFinding.Severity
        var code: ErrorCode
        /// A part of the message.
        var says: String
        /// A part of the advice; nil: there is none.
        var advises: String?
        var machine = MachineRecipe()
        var options = CloneOptions()
        var arrange: @Sendable (FakeFleet) throws -> Void = { _ in }
        var testDescription: String { what }
    }

    static func options(_ change: (inout CloneOptions) -> Void) -> CloneOptions {
        var options = CloneOptions()
        change(&options)
        return options
    }

    static func machine(_ change: (inout MachineRecipe) -> Void) -> MachineRecipe {
        var machine = MachineRecipe()
        change(&machine)
        return machine
    }

    static func changeSource(_ fleet: FakeFleet, _ change: @escaping (inout DomainRecord) -> Void) {
        fleet.source.changeLibvirt { change(&$0.domains[0]) }
    }

    static func changeTarget(_ fleet: FakeFleet, _ change: @escaping (inout FakeLibvirt) -> Void) {
        fleet.targets[0].changeLibvirt(change)
    }

    static func addNamesake(_ fleet: FakeFleet, _ change: @escaping (inout DomainRecord) -> Void = { _ in }) throws {
        var old = fleet.machine
        old.uuid = "6a1e1c1e-0000-4000-8000-0000000000ff"
        old.disks = []
        try fleet.targets[0].add(old)
        changeTarget(fleet) { change(&$0.domains[0]) }
    }

    static let sourceRows = [
        Row(
            what: "a running VM", severity: .blocks, code: .validation, says: "'web01' is running",
            advises: "virsh shutdown web01", arrange: { fleet in changeSource(fleet) { $0.state = .running } }),
        Row(
            what: "a paused VM", severity: .blocks, code: .validation, says: "'web01' is paused",
            advises: "shutdown", arrange: { fleet in changeSource(fleet) { $0.state = .paused } }),
        Row(
            what: "a transient VM", severity: .blocks, code: .validation, says: "transient", advises: "virsh define",
            arrange: { fleet in changeSource(fleet) { $0.isPersistent = false } }),
        Row(
            what: "a saved state", severity: .blocks, code: .validation, says: "saved state",
            advises: "managedsave-remove", arrange: { fleet in changeSource(fleet) { $0.hasManagedSave = true } }),
        Row(
            what: "snapshots", severity: .warning, code: .clone, says: "2 snapshots are not copied: s1, s2",
            arrange: { fleet in changeSource(fleet) { $0.snapshots = ["s1", "s2"] } }),
        Row(
            what: "a host device", severity: .blocks, code: .clone, says: "host device", advises: "detach",
            machine: machine {
                $0.moreDevices = """
                    <hostdev mode='subsystem' type='pci' managed='yes'>
                      <source><address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source>
                    </hostdev>
                    """
            }),
        Row(
            what: "a network disk", severity: .blocks, code: .clone, says: "disk vdz", advises: "",
            machine: machine {
                $0.moreDevices = """
                    <disk type='network' device='disk'>
                      <driver name='qemu' type='raw'/>
                      <source protocol='rbd' name='pool/image'><host name='ceph' port='6789'/></source>
                      <target dev='vdz' bus='virtio'/>
                    </disk>
                    """
            }),
        Row(
            what: "a disk whose file is missing", severity: .blocks, code: .invalidPath, says: "missing.img",
            machine: machine { $0.moreDevices = fileDisk("/tmp/kvm-clone-sim-missing.img") }),
        Row(
            what: "a volume of an unknown pool", severity: .blocks, code: .clone, says: "volume 'v' of pool 'other'",
            advises: "virsh pool-start other",
            machine: machine {
                $0.moreDevices = """
                    <disk type='volume' device='disk'>
                      <driver name='qemu' type='raw'/>
                      <source pool='other' volume='v'/>
                      <target dev='vdz' bus='virtio'/>
                    </disk>
                    """
            }),
    ]

    static func fileDisk(_ path: String) -> String {
        """
        <disk type='file' device='disk'>
          <driver name='qemu' type='raw'/>
          <source file='\(path)'/>
          <target dev='vdz' bus='virtio'/>
        </disk>
        """
    }

    static let targetRows = [
        Row(
            what: "the name is taken", severity: .blocks, code: .vmExists, says: "named 'web01' exists already",
            advises: "--force", arrange: { try addNamesake($0) }),
        Row(
            what: "the VM to replace runs", severity: .blocks, code: .vmExists, says: "running and can't be replaced",
            advises: "shut it down", options: options { $0.force = true },
            arrange: { try addNamesake($0) { $0.state = .running } }),
        Row(
            what: "the VM to replace has snapshots", severity: .blocks, code: .vmExists, says: "has snapshots",
            advises: "remove them", options: options { $0.force = true },
            arrange: { try addNamesake($0) { $0.snapshots = ["s1"] } }),
        Row(
            what: "the VM to replace has checkpoints", severity: .blocks, code: .vmExists, says: "checkpoints",
            advises: "remove them", options: options { $0.force = true },
            arrange: { try addNamesake($0) { $0.checkpoints = ["c1"] } }),
        Row(
            what: "a VM is replaced", severity: .warning, code: .vmExists,
            says: "is replaced when the copy is complete",
            options: options { $0.force = true }, arrange: { try addNamesake($0) }),
        Row(
            what: "no such pool", severity: .blocks, code: .validation, says: "no pool 'fast'",
            advises: "--pool: default",
            options: options { $0.pool = "fast" }),
        Row(
            what: "a pool whose definition can't be read", severity: .blocks, code: .libvirt,
            says: "pool 'odd' can't be used: line 3", advises: "virsh pool-dumpxml odd",
            options: options { $0.pool = "odd" },
            arrange: { fleet in
                changeTarget(fleet) {
                    $0.facts.pools.append(
                        PoolRecord(name: "odd", type: "", path: nil, isActive: true, problem: "line 3"))
                }
            }),
        Row(
            what: "a pool without a folder", severity: .blocks, code: .invalidPath, says: "has no folder /nonexistent",
            advises: "make it", arrange: { $0.targets[0].changeProfile { $0.pools = ["default": "/nonexistent"] } }),
        Row(
            what: "a file in the way", severity: .blocks, code: .vmExists, says: "web01-vda.img exists already",
            advises: "move it away",
            arrange: { try DiskRecipe(size: 4096).make(at: $0.targets[0].pool + "/web01-vda.img") }),
        Row(
            what: "more memory than the host has", severity: .blocks, code: .insufficientResources,
            says: "64.0 MiB of memory, the host 32.0 MiB", advises: "another host",
            arrange: { fleet in changeTarget(fleet) { $0.facts.memory = 32 << 20 } }),
        Row(
            what: "more memory than is free now", severity: .warning, code: .insufficientResources,
            says: "32.0 MiB is free now",
            arrange: { fleet in changeTarget(fleet) { $0.facts.freeMemory = 32 << 20 } }),
        Row(
            what: "an inactive network", severity: .warning, code: .network, says: "'default' isn't active",
            advises: "virsh net-start default",
            arrange: { fleet in changeTarget(fleet) { $0.facts.networks = ["default": false] } }),
        Row(
            what: "an unknown network", severity: .blocks, code: .network, says: "no network 'default', only lan",
            advises: "--network-config",
            arrange: { fleet in changeTarget(fleet) { $0.facts.networks = ["lan": true] } }),
        Row(
            what: "a medium that isn't there", severity: .warning, code: .invalidPath,
            says: "medium /iso/debian.iso isn't there", advises: "copy it to target1",
            machine: machine {
                $0.moreDevices = """
                    <disk type='file' device='cdrom'>
                      <source file='/iso/debian.iso'/><target dev='hda' bus='ide'/><readonly/>
                    </disk>
                    """
            }),
        Row(
            what: "more vCPUs than the host allows", severity: .blocks, code: .insufficientResources,
            says: "has 9 vCPUs, the host allows 8", advises: "another host", machine: machine { $0.vcpus = 9 },
            arrange: { fleet in changeTarget(fleet) { $0.capabilities = .success(domainCapabilities) } }),
        Row(
            what: "more vCPUs than the host has CPUs", severity: .warning, code: .insufficientResources,
            says: "has 6 vCPUs, the host 4 CPUs", machine: machine { $0.vcpus = 6 },
            arrange: { fleet in changeTarget(fleet) { $0.capabilities = .success(domainCapabilities) } }),
        Row(
            what: "a kind of machine that the host refuses", severity: .blocks, code: .insufficientResources,
            says: "can't run such a machine: no kvm", advises: "another host",
            arrange: { fleet in
                changeTarget(fleet) {
                    $0.capabilities = .failure(KVMCloneError(.libvirt, "libvirt failed", cause: "no kvm"))
                }
            }),
        Row(
            what: "capabilities that can't be read", severity: .warning, code: .libvirt,
            says: "domain capabilities can't be read",
            arrange: { fleet in changeTarget(fleet) { $0.capabilities = .success("<domainCapabil") } }),
        Row(
            what: "a target that can't be reached", severity: .blocks, code: .connection, says: "a fault on purpose",
            arrange: { $0.targets[0].faults.fail(.name("hypervisor"), .before) }),
    ]

    static let domainCapabilities = """
        <domainCapabilities>
          <path>/usr/bin/qemu-system-x86_64</path><domain>test</domain><machine>pc</machine><arch>x86_64</arch>
          <vcpu max='8'/>
          <cpu><mode name='custom' supported='yes'><model usable='yes'>qemu64</model></mode></cpu>
        </domainCapabilities>
        """

    @Test("What stands in the way on the source", arguments: sourceRows)
    func source(_ row: Row) async throws {
        let fleet = try FakeFleet(machine: row.machine)
        try row.arrange(fleet)
        let plan = try await fleet.coordinator.plan(fleet.request(row.options))
        try Self.check(plan.findings, row)
        if row.severity == .blocks {
            let error = await #expect(throws: KVMCloneError.self) { try await fleet.run(row.options) }
            #expect(error?.host == "source")
            #expect(try fleet.targets[0].snapshot() == HostSnapshot(files: [:], domains: [:]))
        }
        await fleet.close()
    }

    @Test("What stands in the way on a target", arguments: targetRows)
    func target(_ row: Row) async throws {
        let fleet = try FakeFleet(machine: row.machine)
        try row.arrange(fleet)
        let before = try fleet.targets[0].snapshot()
        let plan = try await fleet.coordinator.plan(fleet.request(row.options))
        let target = try #require(plan.targets.first)
        try Self.check(target.findings, row)
        #expect(plan.findings.blockers == [])
        #expect(try fleet.targets[0].snapshot() == before)
        await fleet.close()
    }

    private static func check(_ findings: [PreflightFinding], _ row: Row) throws {
        let found = findings.first { $0.message.contains(row.says) }
        let finding = try #require(found, "\(findings.map(\.message))")
        #expect(finding.severity == row.severity)
        #expect(finding.code == row.code)
        if let advice = row.advises { #expect(finding.whatToDo?.contains(advice) == true || advice.isEmpty) }
        // Nothing else is wrong.
        #expect(findings.filter { $0 != finding && $0.severity == .blocks } == [])
    }

    @Test("All findings come at once, and the error says all of them with exit code 17")
    func allAtOnce() async throws {
        let fleet = try FakeFleet()
        try Self.addNamesake(fleet)
        Self.changeTarget(fleet) { libvirt in
            libvirt.facts.memory = 1 << 20
            libvirt.facts.networks = [:]
        }
        let error = try #require(await #expect(throws: KVMCloneError.self) { try await fleet.run() })
        for part in ["exists already", "of memory", "no network 'default'"] { #expect(error.message.contains(part)) }
        #expect(error.exitCode == .preflight)
        await fleet.close()
    }

    @Test("A target that is refused doesn't keep the others from their copies")
    func oneRefused() async throws {
        let fleet = try FakeFleet(targets: 3)
        Self.changeTarget(fleet) { $0.facts.networks = [:] }
        let result = try await fleet.run()
        #expect(result.exitCode == .partFailed)
        #expect(result.targets.map(\.host) == ["target1", "target2", "target3"])
        #expect(result.targets[0].error?.code == .network)
        #expect(try fleet.targets[0].snapshot() == HostSnapshot(files: [:], domains: [:]))
        for target in fleet.targets.dropFirst() { #expect(try fleet.defects(of: target) == []) }
        await fleet.close()
    }

    @Test("A VM that isn't there is an error that says where")
    func missing() async throws {
        let fleet = try FakeFleet()
        let request = CloneRequest(kind: .clone, vm: "nobody", source: "source", targets: ["target1"])
        let error = await #expect(throws: KVMCloneError.self) { try await fleet.coordinator.plan(request) }
        #expect(error?.code == .vmNotFound)
        #expect(error?.host == "source")
        #expect(error?.exitCode == .notFound)
        await fleet.close()
    }
}
