/// What a VM is doing.
public enum VMState: String, Sendable, Codable, CaseIterable {
    case running, stopped, paused, suspended, crashed
}

/// A VM as `list` shows it.
public struct VMInfo: Sendable, Codable, Equatable {
    /// The domain's name.
    public var name: String
    /// The domain's uuid, lower case with hyphens.
    public var uuid: String
    /// What it is doing.
    public var state: VMState
    /// Memory in MiB.
    public var memory: Int
    /// Number of virtual CPUs.
    public var vcpus: Int
    /// Its disks, CD-ROM drives without a medium left out.
    public var disks: [DiskInfo]
    /// Its network interfaces.
    public var networks: [NetworkInfo]
    /// The host that it is defined on.
    public var host: String
    /// When its first disk was made, ISO 8601 in UTC; null where nobody knows.
    public var created: String?
    /// When one of its disks was last written, ISO 8601 in UTC; null where nobody knows.
    public var lastModified: String?
    /// Why something above isn't known, a sentence each; empty when nothing stood in the way.
    public var problems: [String]

    /// Makes a record from its parts.
    public init(
        name: String, uuid: String, state: VMState, memory: Int, vcpus: Int, disks: [DiskInfo],
        networks: [NetworkInfo], host: String, created: String?, lastModified: String?, problems: [String] = []
    ) {
        self.name = name
        self.uuid = uuid
        self.state = state
        self.memory = memory
        self.vcpus = vcpus
        self.disks = disks
        self.networks = networks
        self.host = host
        self.created = created
        self.lastModified = lastModified
        self.problems = problems
    }

    enum CodingKeys: String, CodingKey {
        case name, uuid, state, memory, vcpus, disks, networks, host, created, problems
        case lastModified = "last_modified"
    }

    /// Writes every key, absent values as null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(uuid, forKey: .uuid)
        try container.encode(state, forKey: .state)
        try container.encode(memory, forKey: .memory)
        try container.encode(vcpus, forKey: .vcpus)
        try container.encode(disks, forKey: .disks)
        try container.encode(networks, forKey: .networks)
        try container.encode(host, forKey: .host)
        try container.encode(created, forKey: .created)
        try container.encode(lastModified, forKey: .lastModified)
        try container.encode(problems, forKey: .problems)
    }
}

/// A disk as `list` shows it.
public struct DiskInfo: Sendable, Codable, Equatable {
    /// Path of the image file or device, or the source as text when it has no path.
    public var path: String
    /// Size that the guest sees, in bytes; null where it can't be read.
    public var size: UInt64?
    /// Bytes that it takes on its host; null where it can't be read.
    public var allocated: UInt64?
    /// Image format, `raw` or `qcow2` as a rule.
    public var format: String
    /// The guest's name for it, such as `vda`.
    public var target: String

    /// Makes a record from its parts.
    public init(path: String, size: UInt64?, allocated: UInt64?, format: String, target: String) {
        self.path = path
        self.size = size
        self.allocated = allocated
        self.format = format
        self.target = target
    }
}

extension DiskInfo {
    enum CodingKeys: String, CodingKey {
        case path, size, allocated, format, target
    }

    /// Writes every key, absent values as null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(path, forKey: .path)
        try container.encode(size, forKey: .size)
        try container.encode(allocated, forKey: .allocated)
        try container.encode(format, forKey: .format)
        try container.encode(target, forKey: .target)
    }
}

/// A network interface as `list` shows it.
public struct NetworkInfo: Sendable, Codable, Equatable {
    /// The host's name for it, or its kind where it has none yet.
    public var interface: String
    /// The guest's address, lower case with colons.
    public var macAddress: String
    /// The network, bridge or device that it is joined to.
    public var network: String
    /// The guest's IP address; null where nobody knows.
    public var ipAddress: String?

    /// Makes a record from its parts.
    public init(interface: String, macAddress: String, network: String, ipAddress: String?) {
        self.interface = interface
        self.macAddress = macAddress
        self.network = network
        self.ipAddress = ipAddress
    }

    enum CodingKeys: String, CodingKey {
        case interface, network
        case macAddress = "mac_address"
        case ipAddress = "ip_address"
    }

    /// Writes every key, absent values as null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(interface, forKey: .interface)
        try container.encode(macAddress, forKey: .macAddress)
        try container.encode(network, forKey: .network)
        try container.encode(ipAddress, forKey: .ipAddress)
    }
}
