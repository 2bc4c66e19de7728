/// How a stream is sent to its targets.
struct FanOutOptions: Sendable {
    /// Most bytes per connection that the target hasn't taken in yet.
    var window: UInt64
    /// Nanoseconds without progress after which a target is dropped.
    var stallTimeout: UInt64
    /// Limit on the bytes of all targets together.
    var limiter: RateLimiter?
    /// Most bytes of frames that were sent in part to targets that lag.
    var spare: Int
    /// The time by which it is judged who is too slow, in nanoseconds.
    var lagClock: @Sendable () -> UInt64

    /// What all streams of a job may keep for targets that lag, and the least for one: a frame with zeros before it.
    private static let (allSpare, leastSpare) = (16 << 20, Geometry.maxFrame + 4096)

    static func spare(streams: Int) -> Int { max(leastSpare, allSpare / max(1, streams)) }
}
