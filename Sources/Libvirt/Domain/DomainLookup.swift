import CLibvirt

/// Which domains a listing names. Of each pair none, or both, means no restriction.
public struct DomainFilter: OptionSet, Sendable {
    /// The bits of `virConnectListAllDomainsFlags`.
    public let rawValue: UInt32

    /// A filter by its bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    init(_ flag: virConnectListAllDomainsFlags) {
        rawValue = flag.rawValue
    }

    /// Those that run or are paused.
    public static let active = Self(VIR_CONNECT_LIST_DOMAINS_ACTIVE)
    /// Those that don't.
    public static let inactive = Self(VIR_CONNECT_LIST_DOMAINS_INACTIVE)
    /// Those whose configuration outlives their stop.
    public static let persistent = Self(VIR_CONNECT_LIST_DOMAINS_PERSISTENT)
    /// Those whose configuration does not.
    public static let transient = Self(VIR_CONNECT_LIST_DOMAINS_TRANSIENT)
    /// Those that start with their host.
    public static let autostart = Self(VIR_CONNECT_LIST_DOMAINS_AUTOSTART)
    /// Those that have a saved state.
    public static let managedSave = Self(VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE)
    /// Those that have snapshots.
    public static let hasSnapshot = Self(VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT)
    /// Those that have checkpoints.
    public static let hasCheckpoint = Self(VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT)
}

extension LibvirtConnection {
    /// The domains that the filter lets pass; without one all.
    public func domains(_ filter: DomainFilter = []) throws(LibvirtError) -> [Domain] {
        let handles = try objects("virConnectListAllDomains", release: { virDomainFree($0) }) {
            virConnectListAllDomains($0, $1, filter.rawValue)
        }
        var domains: [Domain] = []
        for handle in handles { domains.append(try Domain(handle)) }
        return domains
    }

    /// The domain of that name; throws `noDomain` where there is none.
    public func domain(named name: String) throws(LibvirtError) -> Domain {
        try Domain(
            object("virDomainLookupByName", release: { virDomainFree($0) }) { virDomainLookupByName($0, name) })
    }

    /// The domain with that uuid, in any of libvirt's spellings; throws `noDomain` where there is none.
    public func domain(uuid: String) throws(LibvirtError) -> Domain {
        try Domain(
            object("virDomainLookupByUUIDString", release: { virDomainFree($0) }) {
                virDomainLookupByUUIDString($0, uuid)
            })
    }

    /// Defines a domain, or changes the persistent configuration of the one with that name and uuid.
    ///
    /// - Parameter validating: Whether XML that does not fit libvirt's schema is refused; otherwise libvirt drops the
    ///   elements that it does not know.
    public func defineDomain(xml: String, validating: Bool = false) throws(LibvirtError) -> Domain {
        let flags = validating ? VIR_DOMAIN_DEFINE_VALIDATE.rawValue : 0
        return try Domain(
            object("virDomainDefineXMLFlags", release: { virDomainFree($0) }) {
                virDomainDefineXMLFlags($0, xml, flags)
            })
    }
}
