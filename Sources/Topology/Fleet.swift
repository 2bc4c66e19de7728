/// Everything that a topology file says, with ranges expanded and defaults applied.
public struct Fleet: Sendable, Equatable {
    /// The fleet's name.
    public let name: String
    /// The file that it came from, as the user named it; nil for hosts named on the command line only.
    public let file: String?
    /// The sites' names, in the file's order.
    public let sites: [String]
    /// The links between sites, in the file's order.
    public let links: [Link]
    /// The hosts, in the file's order.
    public let hosts: [ResolvedHost]
    private let index: [String: Int]

    /// A fleet made of parts that were validated before. Host names must differ.
    public init(name: String, file: String? = nil, sites: [String], links: [Link], hosts: [ResolvedHost]) {
        self.name = name
        self.file = file
        self.sites = sites
        self.links = links
        self.hosts = hosts
        index = Dictionary(hosts.enumerated().map { ($1.name, $0) }) { first, _ in first }
    }

    /// The host of exactly this name, if the file has it.
    public func host(named name: String) -> ResolvedHost? { index[name].map { hosts[$0] } }

    /// The link between two sites, in either order.
    public func link(between one: String, and other: String) -> Link? {
        links.first { ($0.first, $0.second) == (one, other) || ($0.first, $0.second) == (other, one) }
    }
}

extension Fleet: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, file, sites, links, hosts
    }

    /// Decodes what `encode` wrote.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try values.decode(String.self, forKey: .name),
            file: try values.decodeIfPresent(String.self, forKey: .file),
            sites: try values.decode([String].self, forKey: .sites),
            links: try values.decode([Link].self, forKey: .links),
            hosts: try values.decode([ResolvedHost].self, forKey: .hosts))
    }

    /// Encodes the file's contents in its order.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(name, forKey: .name)
        try values.encodeIfPresent(file, forKey: .file)
        try values.encode(sites, forKey: .sites)
        try values.encode(links, forKey: .links)
        try values.encode(hosts, forKey: .hosts)
    }
}
