import CLibvirt

/// A libvirt or hypervisor version, which libvirt packs into one number.
public struct LibvirtVersion: Sendable, Comparable, CustomStringConvertible {
    /// The first part.
    public let major: Int
    /// The second part.
    public let minor: Int
    /// The third part.
    public let release: Int

    /// A version by its parts.
    public init(_ major: Int, _ minor: Int, _ release: Int) {
        (self.major, self.minor, self.release) = (major, minor, release)
    }

    init(packed: UInt) {
        self.init(Int(packed / 1_000_000), Int(packed / 1000 % 1000), Int(packed % 1000))
    }

    /// The parts with dots between them.
    public var description: String { "\(major).\(minor).\(release)" }

    /// Orders by the parts, the first one first.
    public static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor, left.release) < (right.major, right.minor, right.release)
    }
}

/// A host's processors and memory.
public struct NodeInfo: Sendable, Equatable {
    /// The architecture, for instance `x86_64`.
    public let model: String
    /// The memory in bytes.
    public let memory: UInt64
    /// Active logical processors.
    public let cpus: Int
    /// The processors' frequency in MHz; 0 where it is not known.
    public let mhz: Int
    /// NUMA cells; 1 for an unusual topology.
    public let numaCells: Int
    /// Sockets in each NUMA cell.
    public let sockets: Int
    /// Cores in each socket.
    public let cores: Int
    /// Threads in each core.
    public let threads: Int
}

extension LibvirtConnection {
    /// The version of the libvirt library in this process.
    public static func libraryVersion() throws(LibvirtError) -> LibvirtVersion {
        var packed: UInt = 0
        _ = try checked("virGetVersion", virGetVersion(&packed, nil, nil))
        return LibvirtVersion(packed: packed)
    }

    /// The version of the libvirt that serves this connection.
    public func daemonVersion() throws(LibvirtError) -> LibvirtVersion {
        var packed: UInt = 0
        try number("virConnectGetLibVersion") { virConnectGetLibVersion($0, &packed) }
        return LibvirtVersion(packed: packed)
    }

    /// The hypervisor's version; nil where the driver can't tell, as QEMU's can't without an emulator for the host.
    public func hypervisorVersion() throws(LibvirtError) -> LibvirtVersion? {
        var packed: UInt = 0
        try number("virConnectGetVersion") { virConnectGetVersion($0, &packed) }
        return packed == 0 ? nil : LibvirtVersion(packed: packed)
    }

    /// The host's name as libvirt sees it.
    public func hostname() throws(LibvirtError) -> String {
        try string("virConnectGetHostname") { virConnectGetHostname($0) }
    }

    /// The URI of the connection in its canonical form.
    public func uri() throws(LibvirtError) -> String {
        try string("virConnectGetURI") { virConnectGetURI($0) }
    }

    /// The driver's name: `QEMU`, `TEST`, ….
    public func driverType() throws(LibvirtError) -> String {
        let handle = try handle("virConnectGetType")
        defer { withExtendedLifetime(handle) {} }
        guard let text = virConnectGetType(handle.pointer) else { throw LibvirtError.last("virConnectGetType") }
        return String(cString: text)
    }

    /// Whether nobody on the way can read along. A local socket does not count as such.
    public func isEncrypted() throws(LibvirtError) -> Bool {
        try number("virConnectIsEncrypted") { virConnectIsEncrypted($0) } == 1
    }

    /// The host's processors and memory.
    public func nodeInfo() throws(LibvirtError) -> NodeInfo {
        var info = virNodeInfo()
        try number("virNodeGetInfo") { virNodeGetInfo($0, &info) }
        return NodeInfo(
            model: fixedText(info.model), memory: UInt64(info.memory) * 1024, cpus: Int(info.cpus),
            mhz: Int(info.mhz), numaCells: Int(info.nodes), sockets: Int(info.sockets), cores: Int(info.cores),
            threads: Int(info.threads))
    }

    /// The host's free memory in bytes; nil where the driver can't tell.
    public func freeMemory() throws(LibvirtError) -> UInt64? {
        let handle = try handle("virNodeGetFreeMemory")
        defer { withExtendedLifetime(handle) {} }
        let bytes = virNodeGetFreeMemory(handle.pointer)
        if bytes > 0 { return bytes }
        let error = LibvirtError.last("virNodeGetFreeMemory")
        // A driver that returns 0 without a reason knows no better; libvirt then notes an error from nowhere.
        let isUnknown = error.domain == 0 && error.code == .internalError
        if error.isUnsupported || isUnknown { return nil }
        throw error
    }

    /// The host's capabilities: processor, NUMA cells, guest architectures and their machine types.
    public func capabilitiesXML() throws(LibvirtError) -> String {
        try string("virConnectGetCapabilities") { virConnectGetCapabilities($0) }
    }

    /// What a domain may use on this host; nil where the driver can't tell. The parameters' nil means its default.
    public func domainCapabilitiesXML(
        emulator: String? = nil, architecture: String? = nil, machine: String? = nil, virtualizationType: String? = nil
    ) throws(LibvirtError) -> String? {
        do throws(LibvirtError) {
            return try string("virConnectGetDomainCapabilities") {
                virConnectGetDomainCapabilities($0, emulator, architecture, machine, virtualizationType, 0)
            }
        } catch {
            if error.code == .noSupport { return nil }
            throw error
        }
    }
}
