/// How a receive job works.
public struct ReceiveOptions: Sendable {
    /// Connections from the sender.
    public var streams: Int
    /// Generation of the source view that is expected.
    public var epoch: UInt32 = 0
    /// Bytes taken in after which the sender is told, at the latest.
    public var creditInterval: UInt64 = 4 << 20
    /// Seconds without a byte from the sender, or without a missing connection, after which the job fails.
    public var idleTimeout: Double = 120

    /// Threads that read back what was written, beside what is still coming, for the root of each disk; 0 for none.
    public var verifyThreads = 0

    /// Options with the given number of connections.
    public init(streams: Int = 4) { self.streams = streams }
}
