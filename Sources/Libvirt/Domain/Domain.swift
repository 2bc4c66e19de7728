import CLibvirt

/// A virtual machine as libvirt knows it. Every call blocks; see `LibvirtConnection`.
public struct Domain: Sendable {
    /// The name, as it was when this object was made.
    public let name: String
    /// The uuid, in lower case with hyphens.
    public let uuid: String
    let handle: Handle

    init(_ handle: Handle) throws(LibvirtError) {
        self.handle = handle
        name = try handle.borrowedString("virDomainGetName") { virDomainGetName($0) }
        uuid = try handle.uuid("virDomainGetUUIDString") { virDomainGetUUIDString($0, $1) }
    }

    /// The number of the running domain; nil when it does not run.
    public var id: Int? {
        // The id is kept with the handle, from when it was made.
        let id = handle.value { virDomainGetID($0) }
        return id == UInt32.max ? nil : Int(id)
    }

    /// State, memory and processors in one call to the daemon, and the state's reason in a second one.
    public func info() throws(LibvirtError) -> DomainInfo {
        var info = virDomainInfo()
        try handle.number("virDomainGetInfo") { virDomainGetInfo($0, &info) }
        return DomainInfo(
            status: try status(), maximumMemory: UInt64(info.maxMem) * 1024, memory: UInt64(info.memory) * 1024,
            vcpus: Int(info.nrVirtCpu), cpuTime: .nanoseconds(Int64(clamping: info.cpuTime)))
    }

    /// The state and why the domain is in it.
    public func status() throws(LibvirtError) -> DomainStatus {
        var state: Int32 = 0
        var reason: Int32 = 0
        try handle.number("virDomainGetState") { virDomainGetState($0, &state, &reason, 0) }
        return DomainStatus(state: DomainState(number: state), reason: Int(reason))
    }

    /// Whether the domain runs, is paused, or is otherwise alive.
    public func isActive() throws(LibvirtError) -> Bool {
        try handle.number("virDomainIsActive") { virDomainIsActive($0) } == 1
    }

    /// Whether its configuration outlives its stop.
    public func isPersistent() throws(LibvirtError) -> Bool {
        try handle.number("virDomainIsPersistent") { virDomainIsPersistent($0) } == 1
    }

    /// Whether it starts with its host.
    public func isAutostart() throws(LibvirtError) -> Bool {
        var value: Int32 = 0
        try handle.number("virDomainGetAutostart") { virDomainGetAutostart($0, &value) }
        return value == 1
    }

    /// Sets whether it starts with its host.
    public func setAutostart(_ value: Bool) throws(LibvirtError) {
        try handle.number("virDomainSetAutostart") { virDomainSetAutostart($0, value ? 1 : 0) }
    }

    /// The domain XML: the running configuration, or the persistent one when it does not run or `inactive` is given.
    public func xml(_ options: DomainXMLOptions = []) throws(LibvirtError) -> String {
        try handle.string("virDomainGetXMLDesc") { virDomainGetXMLDesc($0, options.rawValue) }
    }
}

/// What `Domain.xml` shows.
public struct DomainXMLOptions: OptionSet, Sendable {
    /// The bits of `virDomainXMLFlags`.
    public let rawValue: UInt32

    /// Options by their bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Passwords too. Refused on a read-only connection.
    public static let secure = Self(rawValue: VIR_DOMAIN_XML_SECURE.rawValue)
    /// The configuration that the next start uses.
    public static let inactive = Self(rawValue: VIR_DOMAIN_XML_INACTIVE.rawValue)
    /// The processor's requirements filled in from the host's.
    public static let updateCPU = Self(rawValue: VIR_DOMAIN_XML_UPDATE_CPU.rawValue)
    /// Without what another host can't take.
    public static let migratable = Self(rawValue: VIR_DOMAIN_XML_MIGRATABLE.rawValue)
}
