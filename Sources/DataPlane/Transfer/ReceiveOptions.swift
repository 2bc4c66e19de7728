/// How a receive job works.
public struct ReceiveOptions: Sendable {
    /// Connections from the sender.
    public var streams: Int
    /// Generation of the source view that is expected.
    public var epoch: UInt32 = 0
    /// Bytes taken in after which the sender is told, at the latest.
    public var creditInterval: UInt64 = 4 << 20
    /// Seconds without a byte over a connection after which it is lost.
    public var idleTimeout: Double = 120
    /// Seconds for which connections may be missing until the job fails; where links may be lost: all of them.
    public var linkTimeout: Double = 120

    /// Whether a link may be lost without the job's end: what it would have brought comes over later ones.
    public var survivesLostLinks = false
    /// Most bytes per connection to a child that it hasn't taken in yet; at least 4 MiB.
    public var window: UInt64 = 32 << 20

    /// The time by which it is judged who is too slow, in nanoseconds.
    var lagClock: @Sendable () -> UInt64 = monotonicNanoseconds

    /// Threads that read back what was written, beside what is still coming, for the root of each disk; 0 for none.
    public var verifyThreads = 0

    /// Bytes of data after which what was written is made durable.
    public var commitBytes: UInt64 = 256 << 20
    /// Seconds after which it is as well.
    public var commitInterval: Double = 2

    /// Options with the given number of connections.
    public init(streams: Int = 4) { self.streams = streams }

    var fanOut: FanOutOptions {
        FanOutOptions(
            window: window, stallTimeout: UInt64(max(0, idleTimeout) * 1e9), limiter: nil,
            spare: FanOutOptions.spare(streams: streams), lagClock: lagClock)
    }
}
