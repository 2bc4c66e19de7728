/// Bounds that a document must keep. They are checked before or while it is read, so that memory stays bounded.
public struct XMLLimits: Sendable, Equatable {
    /// Length of the text in bytes.
    public var bytes: Int
    /// Depth of nested elements. libxml2 itself stops a little above 256, so larger values have no effect.
    public var depth: Int
    /// Elements, attributes, comments, CDATA sections and processing instructions together.
    public var nodes: Int

    /// Attributes of one element. libxml2 compares each with each, so that many of them take quadratic time.
    public var attributes: Int

    /// The defaults fit the largest domain XML that libvirt writes with room to spare.
    public init(bytes: Int = 4 << 20, depth: Int = 256, nodes: Int = 100_000, attributes: Int = 256) {
        self.bytes = bytes
        self.depth = depth
        self.nodes = nodes
        self.attributes = attributes
    }

    /// 4 MiB, 256 levels, 100,000 nodes, 256 attributes of one element.
    public static let standard = XMLLimits()
}
