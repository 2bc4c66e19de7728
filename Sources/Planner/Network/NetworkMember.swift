/// A host as the planner sees it. Rates are bytes per second; nil means that the figure isn't known.
public struct NetworkMember: Sendable, Equatable, Codable {
    /// The host's name, unique in its network.
    public var name: String
    /// Its site, or nil.
    public var site: String?
    /// What it can send. Unknown: `DistributionNetwork.defaultRate`, or more where more was observed.
    public var uplink: Double?
    /// What it can receive. Unknown: as for `uplink`.
    public var downlink: Double?
    /// The most that it may be sent. Unknown: no cap.
    public var inboundCap: Double?
    /// What it reads from its disk; counts where it is a root. Unknown: no limit.
    public var readRate: Double?
    /// What it writes to its disk; counts where it is a target. Unknown: no limit.
    public var writeRate: Double?
    /// What it seals (a root) or opens (a target). Unknown: no limit.
    public var sealRate: Double?

    /// A member made of its parts.
    public init(
        _ name: String, site: String? = nil, uplink: Double? = nil, downlink: Double? = nil,
        inboundCap: Double? = nil, readRate: Double? = nil, writeRate: Double? = nil, sealRate: Double? = nil
    ) {
        self.name = name
        self.site = site
        self.uplink = uplink
        self.downlink = downlink
        self.inboundCap = inboundCap
        self.readRate = readRate
        self.writeRate = writeRate
        self.sealRate = sealRate
    }

    var rates: [(name: String, value: Double?)] {
        [
            ("uplink", uplink), ("downlink", downlink), ("inbound cap", inboundCap), ("read rate", readRate),
            ("write rate", writeRate), ("seal rate", sealRate),
        ]
    }
}
