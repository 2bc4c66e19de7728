import FoundationEssentials

/// A libvirt storage pool.
public struct PoolDescription: Sendable, Equatable, Codable {
    /// The pool's name.
    public var name: String
    /// Nil in a file that leaves it to libvirt.
    public var uuid: UUID?
    /// `dir`, `fs`, `netfs`, `logical`, `disk`, `rbd`, …
    public var type: String
    /// The folder with the volumes; nil for pools without one.
    public var targetPath: String?
    /// In bytes, as of libvirt's last look; nil when the pool isn't running.
    public var capacity: UInt64?
    /// In bytes, as of libvirt's last look; nil when the pool isn't running.
    public var available: UInt64?

    /// Reads a pool XML.
    public init(parsing xml: String) throws(DomainXMLError) {
        let pool = try XMLTree(parsing: xml, root: "pool").root
        guard let name = pool.child("name")?.value else { throw .missing("<name>", line: pool.line) }
        guard let type = pool["type"] else { throw .missing("'type' of <pool>", line: pool.line) }
        self.name = name
        self.type = type
        uuid = try pool.child("uuid").map { element throws(DomainXMLError) in try element.uuid() }
        targetPath = pool.child("target", "path")?.value
        capacity = try pool.size("capacity")
        available = try pool.size("available")
    }

    /// True where volumes are files in a folder.
    public var holdsFiles: Bool { ["dir", "fs", "netfs"].contains(type) }
}

extension XMLNode {
    /// Bytes in a child element; nil without it. Storage XML counts in bytes where it names no unit.
    func size(_ name: String) throws(DomainXMLError) -> UInt64? {
        guard let element = child(name) else { return nil }
        return try ByteUnit.bytes(in: element, defaultUnit: "bytes")
    }
}
