/// A replica as `list` shows it.
public struct ReplicaInfo: Sendable, Codable, Equatable {
    /// Its name.
    public var name: String
    /// The VM's uuid.
    public var uuid: String
    /// The host that it is on.
    public var host: String
    /// The host that it is a replica from.
    public var origin: String
    /// From 1; one more with each sync.
    public var generation: Int
    /// When the VM was in this state, ISO 8601 in UTC.
    public var taken: String
    /// When all of it was last compared with the VM, ISO 8601 in UTC; null for never.
    public var verified: String?
    /// True when that comparison has found differences: it is neither promoted nor synced.
    public var differs: Bool
    /// Its disks.
    public var disks: [DiskInfo]
    /// Why it can't be used; null when it can.
    public var problem: String?

    /// Makes a record from its parts.
    public init(
        name: String, uuid: String, host: String, origin: String, generation: Int, taken: String, verified: String?,
        differs: Bool, disks: [DiskInfo], problem: String? = nil
    ) {
        self.name = name
        self.uuid = uuid
        self.host = host
        self.origin = origin
        self.generation = generation
        self.taken = taken
        self.verified = verified
        self.differs = differs
        self.disks = disks
        self.problem = problem
    }

    enum CodingKeys: String, CodingKey {
        case role, name, uuid, host, origin, generation, taken, verified, differs, disks, problem
    }

    /// Reads what `encode` has written.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try fields.decode(String.self, forKey: .name), uuid: try fields.decode(String.self, forKey: .uuid),
            host: try fields.decode(String.self, forKey: .host),
            origin: try fields.decode(String.self, forKey: .origin),
            generation: try fields.decode(Int.self, forKey: .generation),
            taken: try fields.decode(String.self, forKey: .taken),
            verified: try fields.decodeIfPresent(String.self, forKey: .verified),
            differs: try fields.decode(Bool.self, forKey: .differs),
            disks: try fields.decode([DiskInfo].self, forKey: .disks),
            problem: try fields.decodeIfPresent(String.self, forKey: .problem))
    }

    /// Writes every key, absent values as null, and its role, which tells it from a VM.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("replica", forKey: .role)
        try container.encode(name, forKey: .name)
        try container.encode(uuid, forKey: .uuid)
        try container.encode(host, forKey: .host)
        try container.encode(origin, forKey: .origin)
        try container.encode(generation, forKey: .generation)
        try container.encode(taken, forKey: .taken)
        try container.encode(verified, forKey: .verified)
        try container.encode(differs, forKey: .differs)
        try container.encode(disks, forKey: .disks)
        try container.encode(problem, forKey: .problem)
    }
}
