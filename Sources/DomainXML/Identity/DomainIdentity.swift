import FoundationEssentials

/// What tells one VM from another.
public struct DomainIdentity: Sendable, Equatable, Codable {
    /// The domain's name.
    public var name: String
    /// The domain's UUID.
    public var uuid: UUID
    /// The VM generation ID, for a domain that has one.
    public var genID: UUID?
    /// New MAC address for each old one. Empty when MACs are kept.
    public var macs: [MACAddress: MACAddress]

    /// An identity from its parts.
    public init(name: String, uuid: UUID, genID: UUID? = nil, macs: [MACAddress: MACAddress] = [:]) {
        self.name = name
        self.uuid = uuid
        self.genID = genID
        self.macs = macs
    }

    /// An identity for an independent copy: new UUID, new generation ID if the original has one, and one new MAC for
    /// each distinct old one (paired interfaces of a failover team share theirs, and still do so after).
    public static func fresh(
        for original: DomainDescription, name: String, preservingMACs: Bool = false,
        using generator: inout some RandomNumberGenerator
    ) -> DomainIdentity {
        var identity = DomainIdentity(name: name, uuid: .random(using: &generator))
        if original.genID != nil { identity.genID = .random(using: &generator) }
        guard !preservingMACs else { return identity }
        var taken = Set(original.interfaces.compactMap(\.mac))
        for interface in original.interfaces {
            guard let old = interface.mac, identity.macs[old] == nil else { continue }
            var new = MACAddress.random(using: &generator)
            while !taken.insert(new).inserted { new = .random(using: &generator) }
            identity.macs[old] = new
        }
        return identity
    }

    /// The same, from the system's random numbers.
    public static func fresh(
        for original: DomainDescription, name: String, preservingMACs: Bool = false
    ) -> DomainIdentity {
        var generator = SystemRandomNumberGenerator()
        return fresh(for: original, name: name, preservingMACs: preservingMACs, using: &generator)
    }
}
