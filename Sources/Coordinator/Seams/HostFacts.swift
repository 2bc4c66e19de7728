import Model

/// What the topology says of a host, with what was resolved since.
package struct HostProfile: Sendable, Equatable {
    /// Pools with the folders behind them, as the topology declares them.
    package var pools: [String: String]
    /// The pool that is used when none is named.
    package var defaultPool: String
    /// A numeric address at which other hosts reach it; nil when it has none.
    package var transferAddress: String?
    /// Ports that agents listen on.
    package var dataPorts: ClosedRange<UInt16>

    package init(
        pools: [String: String], defaultPool: String, transferAddress: String?, dataPorts: ClosedRange<UInt16>
    ) {
        self.pools = pools
        self.defaultPool = defaultPool
        self.transferAddress = transferAddress
        self.dataPorts = dataPorts
    }
}

/// A domain as libvirt has it.
package struct DomainRecord: Sendable, Equatable {
    package var name: String
    package var uuid: String
    package var state: VMState
    package var isPersistent: Bool
    /// The definition that the next start uses.
    package var inactiveXML: String
    package var hasManagedSave: Bool
    package var snapshots: [String]
    package var checkpoints: [String]
    /// The configuration that runs now; nil when none does, and in listings.
    package var activeXML: String?
    /// True while a job of libvirt's holds the domain, such as a migration; not told in listings.
    package var isBusy = false

    package init(
        name: String, uuid: String, state: VMState, isPersistent: Bool, inactiveXML: String,
        hasManagedSave: Bool = false, snapshots: [String] = [], checkpoints: [String] = []
    ) {
        self.name = name
        self.uuid = uuid
        self.state = state
        self.isPersistent = isPersistent
        self.inactiveXML = inactiveXML
        self.hasManagedSave = hasManagedSave
        self.snapshots = snapshots
        self.checkpoints = checkpoints
    }
}

/// What libvirt keeps of a domain beside its definition.
package struct DomainAttachments: Sendable, Codable, Equatable {
    /// Whether it starts with its host.
    package var startsWithHost: Bool
    /// The XML of its checkpoints, parents first.
    package var checkpoints: [String]

    package init(startsWithHost: Bool = false, checkpoints: [String] = []) {
        self.startsWithHost = startsWithHost
        self.checkpoints = checkpoints
    }
}

/// A storage pool as libvirt has it.
package struct PoolRecord: Sendable, Equatable {
    package var name: String
    package var type: String
    package var path: String?
    package var isActive: Bool
    /// Why type and path aren't known; nil when they are.
    package var problem: String?

    package init(name: String, type: String, path: String?, isActive: Bool, problem: String? = nil) {
        self.name = name
        self.type = type
        self.path = path
        self.isActive = isActive
        self.problem = problem
    }
}

/// Which kind of virtual machine is meant, where libvirt is asked what a host can do.
package struct MachineKind: Sendable, Equatable {
    /// `qemu`, `kvm`, `test`, …
    package var type: String
    package var architecture: String?
    package var machine: String?

    package init(type: String, architecture: String?, machine: String?) {
        self.type = type
        self.architecture = architecture
        self.machine = machine
    }
}

/// A guest's CPU beside what a machine can give.
package enum CPUFit: Sendable, Equatable {
    /// The machine has just that.
    case same
    /// The machine has more.
    case more
    /// The machine lacks something: what.
    case lacks(String)
}

/// What libvirt says of a machine.
package struct HypervisorFacts: Sendable, Equatable {
    /// `QEMU`, `Test`, …
    package var driver: String
    /// Version of the library that we speak to, such as 9.0.0.
    package var libvirtVersion: String
    package var hypervisorVersion: String
    package var architecture: String
    package var cpuModel: String
    package var cpus: Int
    /// Bytes of memory in the machine.
    package var memory: UInt64
    /// Bytes of memory that nothing uses; nil where the driver can't tell.
    package var freeMemory: UInt64?
    package var pools: [PoolRecord]
    /// Names of all networks, with whether they are active.
    package var networks: [String: Bool]
    package var capabilitiesXML: String?

    package init(
        driver: String, libvirtVersion: String, hypervisorVersion: String, architecture: String, cpuModel: String,
        cpus: Int, memory: UInt64, freeMemory: UInt64?, pools: [PoolRecord], networks: [String: Bool],
        capabilitiesXML: String?
    ) {
        self.driver = driver
        self.libvirtVersion = libvirtVersion
        self.hypervisorVersion = hypervisorVersion
        self.architecture = architecture
        self.cpuModel = cpuModel
        self.cpus = cpus
        self.memory = memory
        self.freeMemory = freeMemory
        self.pools = pools
        self.networks = networks
        self.capabilitiesXML = capabilitiesXML
    }
}
