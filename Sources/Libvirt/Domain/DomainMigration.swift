import CLibvirt
import Glibc

/// How a running domain moves to another host. The names of the options are those of libvirt's migration parameters.
public struct MigrationParameters: Sendable, Equatable {
    /// Where the memory goes, such as `tcp://host` or `unix:///path`; nil: libvirt decides.
    public var uri: String?
    /// Where the disks go, as `uri`.
    public var disksURI: String?
    /// The running configuration on the other host; nil: as here.
    public var destinationXML: String?
    /// The definition on the other host; nil: as here.
    public var persistentXML: String?
    /// The targets of the disks whose contents move, such as `vda`; none: those that are not shared.
    public var disks: [String] = []
    /// Bytes of memory per second, at least 1 MiB; nil: no limit.
    public var bandwidth: UInt64?
    /// Connections for memory at the same time; nil: one.
    public var connections: Int?
    /// What else is asked for.
    public var options: MigrationFlags = []

    /// Parameters that ask for nothing in particular.
    public init() {}
}

/// What a migration does beside moving.
public struct MigrationFlags: OptionSet, Sendable {
    /// The bits of `virDomainMigrateFlags`.
    public let rawValue: UInt32

    /// Flags by their bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    private init(_ flag: virDomainMigrateFlags) {
        rawValue = flag.rawValue
    }

    /// The guest runs on meanwhile.
    public static let live = Self(VIR_MIGRATE_LIVE)
    /// The other host keeps the definition.
    public static let persists = Self(VIR_MIGRATE_PERSIST_DEST)
    /// This host forgets it in the end.
    public static let undefinesSource = Self(VIR_MIGRATE_UNDEFINE_SOURCE)
    /// Disks move as well.
    public static let copiesDisks = Self(VIR_MIGRATE_NON_SHARED_DISK)
    /// Of disks with a backing chain only the top moves.
    public static let copiesTops = Self(VIR_MIGRATE_NON_SHARED_INC)
    /// The guest is slowed down where it writes faster than its memory moves.
    public static let autoConverges = Self(VIR_MIGRATE_AUTO_CONVERGE)
    /// `startPostCopy` may be called.
    public static let postCopy = Self(VIR_MIGRATE_POSTCOPY)
    /// Memory goes through several connections.
    public static let parallel = Self(VIR_MIGRATE_PARALLEL)
    /// It ends when a disk can't be written.
    public static let endsOnDiskError = Self(VIR_MIGRATE_ABORT_ON_ERROR)
    /// Nobody changes the definition meanwhile.
    public static let protectsDefinition = Self(VIR_MIGRATE_CHANGE_PROTECTION)
}

extension Domain {
    /// Moves the running domain to another host, to which this process is connected: neither host has to reach the other's
    /// daemon. Blocks until it is over, for minutes or hours; other calls on the connections go on. `abortJob`, from another
    /// thread, ends it and leaves the domain running here.
    public func migrate(
        to other: LibvirtConnection, _ parameters: MigrationParameters
    ) throws(LibvirtError) -> Domain {
        let list = TypedParameters()
        try list.add(VIR_MIGRATE_PARAM_URI, parameters.uri)
        try list.add(VIR_MIGRATE_PARAM_DISKS_URI, parameters.disksURI)
        try list.add(VIR_MIGRATE_PARAM_DEST_XML, parameters.destinationXML)
        try list.add(VIR_MIGRATE_PARAM_PERSIST_XML, parameters.persistentXML)
        for disk in parameters.disks { try list.add(VIR_MIGRATE_PARAM_MIGRATE_DISKS, disk) }
        if let bandwidth = parameters.bandwidth {
            try list.add(VIR_MIGRATE_PARAM_BANDWIDTH, max(1, bandwidth >> 20))
        }
        if let connections = parameters.connections {
            try list.add(VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS, Int32(clamping: connections))
        }
        let destination = try other.handle("virDomainMigrate3")
        defer { withExtendedLifetime(destination) {} }
        let moved = try handle.object("virDomainMigrate3", release: { virDomainFree($0) }, on: destination) {
            virDomainMigrate3(
                $0, destination.pointer, list.pointer, UInt32(list.count), parameters.options.rawValue)
        }
        return try Domain(moved)
    }

    /// What the job that holds the domain tells of itself, by libvirt's names, such as `memory_remaining`: numbers only. Empty
    /// when there is none.
    public func jobStatistics() throws(LibvirtError) -> [String: UInt64] {
        var (kind, count): (Int32, Int32) = (0, 0)
        var list: virTypedParameterPtr?
        try handle.number("virDomainGetJobStats") { virDomainGetJobStats($0, &kind, &list, &count, 0) }
        defer { virTypedParamsFree(list, count) }
        var numbers: [String: UInt64] = [:]
        guard let list, kind != Int32(bitPattern: VIR_DOMAIN_JOB_NONE.rawValue) else { return [:] }
        for place in 0..<Int(count) {
            let text = list[place].name
            switch virTypedParameterType(UInt32(bitPattern: list[place].type)) {
            case VIR_TYPED_PARAM_ULLONG: numbers[text] = list[place].value.ul
            case VIR_TYPED_PARAM_LLONG: numbers[text] = UInt64(clamping: list[place].value.l)
            case VIR_TYPED_PARAM_INT: numbers[text] = UInt64(clamping: list[place].value.i)
            case VIR_TYPED_PARAM_UINT: numbers[text] = UInt64(list[place].value.ui)
            default: break
            }
        }
        return numbers
    }

    /// Begins to measure for so many seconds, 1 to 60, how fast the guest writes to its memory; returns at once.
    public func startDirtyRateMeasurement(seconds: Int) throws(LibvirtError) {
        try handle.number("virDomainStartDirtyRateCalc") {
            virDomainStartDirtyRateCalc($0, Int32(clamping: seconds), 0)
        }
    }

    /// What was measured last, in bytes per second; nil while nothing was.
    public func dirtyRate() throws(LibvirtError) -> UInt64? {
        var records: UnsafeMutablePointer<virDomainStatsRecordPtr?>?
        try handle.number("virDomainListGetStats") { pointer in
            var domains: [OpaquePointer?] = [pointer, nil]
            return virDomainListGetStats(&domains, VIR_DOMAIN_STATS_DIRTYRATE.rawValue, &records, 0)
        }
        defer { virDomainStatsRecordListFree(records) }
        guard let record = records?.pointee?.pointee, let parameters = record.params else { return nil }
        var (isMeasured, rate): (Bool, UInt64?) = (false, nil)
        for place in 0..<Int(record.nparams) {
            switch parameters[place].name {
            case "dirtyrate.calc_status":
                isMeasured = parameters[place].value.i == Int32(VIR_DOMAIN_DIRTYRATE_MEASURED.rawValue)
            case "dirtyrate.megabytes_per_second": rate = UInt64(clamping: parameters[place].value.l) << 20
            default: break
            }
        }
        return isMeasured ? rate : nil
    }

    /// How long the guest may be paused at the end of its migration, which runs.
    public func setMaximumDowntime(milliseconds: UInt64) throws(LibvirtError) {
        try handle.number("virDomainMigrateSetMaxDowntime") { virDomainMigrateSetMaxDowntime($0, milliseconds, 0) }
    }

    /// The guest goes on on the other host at once, and its memory follows. From then on a break loses it.
    public func startPostCopy() throws(LibvirtError) {
        try handle.number("virDomainMigrateStartPostCopy") { virDomainMigrateStartPostCopy($0, 0) }
    }
}

extension virTypedParameter {
    fileprivate var name: String {
        withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

/// A list of parameters that libvirt allocates.
private final class TypedParameters {
    private(set) var pointer: virTypedParameterPtr?
    private(set) var count: Int32 = 0
    private var room: Int32 = 0

    deinit { virTypedParamsFree(pointer, count) }

    func add(_ name: String, _ value: String?) throws(LibvirtError) {
        guard let value else { return }
        _ = try checked("virTypedParamsAddString", virTypedParamsAddString(&pointer, &count, &room, name, value))
    }

    func add(_ name: String, _ value: UInt64) throws(LibvirtError) {
        _ = try checked("virTypedParamsAddULLong", virTypedParamsAddULLong(&pointer, &count, &room, name, value))
    }

    func add(_ name: String, _ value: Int32) throws(LibvirtError) {
        _ = try checked("virTypedParamsAddInt", virTypedParamsAddInt(&pointer, &count, &room, name, value))
    }
}
