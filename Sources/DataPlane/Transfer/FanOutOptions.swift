/// How a stream is sent to its targets.
struct FanOutOptions: Sendable {
    /// Most bytes per connection that the target hasn't taken in yet.
    var window: UInt64
    /// Nanoseconds without progress after which a target is dropped.
    var stallTimeout: UInt64
    /// Limit on the bytes of all targets together.
    var limiter: RateLimiter?
}
