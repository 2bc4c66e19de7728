/// How a tunnel carries its bytes.
public struct TunnelOptions: Sendable {
    /// Whether frames are compressed, in both directions.
    public var compression = CompressionMode.off
    /// Bytes on the wire per second from the source to the target, all links together; nil: no limit.
    public var bytesPerSecond: UInt64?
    /// Seconds for which a link may take no byte, while there are some to send, before it is given up.
    public var stallTimeout = 30.0

    /// No compression, no limit, 30 s.
    public init() {}
}

/// A UNIX socket whose connections go through a tunnel. At the source it is listened on; at the target it is what
/// connections are made to.
public struct TunnelDoor: Sendable, Equatable {
    /// What counters and messages call it.
    public let name: String
    /// Where the socket lies.
    public let path: String
    /// How many connections may go through it, each once.
    public let links: Int

    /// A door of that name at a path, for that many connections.
    public init(name: String, path: String, links: Int) {
        self.name = name
        self.path = path
        self.links = links
    }
}
