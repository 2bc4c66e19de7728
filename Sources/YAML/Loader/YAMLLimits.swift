/// Bounds on what a document may cost. They are checked before memory is taken.
public struct YAMLLimits: Sendable, Hashable {
    /// Largest text, in bytes.
    public var bytes: Int
    /// Deepest nesting of lists and mappings, aliases expanded.
    public var depth: Int
    /// Most nodes (keys count too), aliases expanded.
    public var nodes: Int

    /// Bounds; the defaults are those of files that people write.
    public init(bytes: Int = 1 << 20, depth: Int = 64, nodes: Int = 100_000) {
        self.bytes = bytes
        self.depth = depth
        self.nodes = nodes
    }
}
