import FoundationEssentials

/// A libvirt network.
public struct NetworkDescription: Sendable, Equatable, Codable {
    /// The network's name.
    public var name: String
    /// Nil in a file that leaves it to libvirt.
    public var uuid: UUID?
    /// `nat`, `route`, `bridge`, `open`, …; nil for an isolated network.
    public var forwardMode: String?
    /// The bridge on the host.
    public var bridge: String?
    /// Names of its port groups.
    public var portGroups: [String]

    /// Reads a network XML.
    public init(parsing xml: String) throws(DomainXMLError) {
        let network = try XMLTree(parsing: xml, root: "network").root
        guard let name = network.child("name")?.value else { throw .missing("<name>", line: network.line) }
        self.name = name
        uuid = try network.child("uuid").map { element throws(DomainXMLError) in try element.uuid() }
        forwardMode = network.child("forward").map { $0["mode"] ?? "nat" }
        bridge = network.child("bridge")?["name"]
        portGroups = network.children("portgroup").compactMap { $0["name"] }
    }
}
