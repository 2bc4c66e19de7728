/// How a send job works.
public struct SendOptions: Sendable {
    /// Connections per target, and worker threads.
    public var streams: Int
    /// Whether to compute the root digest of each disk.
    public var verify = true
    /// Whether to compress.
    public var compression = CompressionMode.auto
    /// Most bytes of payload in a frame: a multiple of the leaf, at most 1 MiB.
    public var frameSize = Geometry.maxFrame
    /// Most bytes per connection that the receiver hasn't taken in yet; at least 4 MiB.
    public var window: UInt64 = 32 << 20
    /// Seconds without progress after which a target is dropped.
    public var stallTimeout: Double = 30
    /// Seconds that a stream which has lost its targets waits for another one before it goes on without, so that
    /// everything is read and hashed all the same; nil: the job fails.
    public var awaitsTargets: Double?
    /// The time by which it is judged who is too slow, in nanoseconds.
    var lagClock: @Sendable () -> UInt64 = monotonicNanoseconds
    /// Limit on the bytes of all targets together; may be shared with other jobs.
    public var limiter: RateLimiter?
    /// Generation of the source view; the receivers must have been told the same.
    public var epoch: UInt32 = 0

    /// Options with the given number of connections per target.
    public init(streams: Int = 4) { self.streams = streams }

    var fanOut: FanOutOptions {
        FanOutOptions(
            window: window, stallTimeout: UInt64(stallTimeout * 1e9), limiter: limiter,
            spare: FanOutOptions.spare(streams: streams), lagClock: lagClock)
    }
}
