/// A volume of a libvirt storage pool.
public struct VolumeDescription: Sendable, Equatable, Codable {
    /// The name in its pool.
    public var name: String
    /// `file`, `block`, `dir`, `network`, …
    public var type: String
    /// The path on the host.
    public var path: String?
    /// `raw`, `qcow2`, …
    public var format: String?
    /// What the guest sees, in bytes.
    public var capacity: UInt64
    /// What it takes on the host, in bytes.
    public var allocation: UInt64?
    /// The image that this one is based on.
    public var backingPath: String?
    /// The format of that image.
    public var backingFormat: String?

    /// Reads a volume XML.
    public init(parsing xml: String) throws(DomainXMLError) {
        let volume = try XMLTree(parsing: xml, root: "volume").root
        guard let name = volume.child("name")?.value else { throw .missing("<name>", line: volume.line) }
        guard let capacity = try volume.size("capacity") else { throw .missing("<capacity>", line: volume.line) }
        self.name = name
        self.capacity = capacity
        type = volume["type"] ?? "file"
        path = volume.child("target", "path")?.value
        format = volume.child("target", "format")?["type"]
        allocation = try volume.size("allocation")
        backingPath = volume.child("backingStore", "path")?.value
        backingFormat = volume.child("backingStore", "format")?["type"]
    }
}
