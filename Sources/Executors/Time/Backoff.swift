/// How often and for how long a failed operation is tried again.
public struct RetryPolicy: Sendable, Equatable {
    /// The shortest wait, and the first one's lower bound.
    public var base: Duration
    /// The longest wait.
    public var cap: Duration
    /// How often the operation runs at most, the first time included; at least 1. Nil is no limit.
    public var maximumAttempts: Int?
    /// No further attempt begins when this much time would have passed since the first. Nil is no limit.
    public var maximumTime: Duration?

    /// A policy; without limits an operation is tried until it succeeds or fails for good.
    public init(
        base: Duration = .milliseconds(200), cap: Duration = .seconds(30), maximumAttempts: Int? = nil,
        maximumTime: Duration? = nil
    ) {
        precondition(base > .zero && cap >= base, "0 < base <= cap")
        precondition(maximumAttempts.map { $0 > 0 } ?? true, "an operation runs at least once")
        self.base = base
        self.cap = cap
        self.maximumAttempts = maximumAttempts
        self.maximumTime = maximumTime
    }
}

/// The waits between attempts: each is random between the base and three times the last one, below the cap.
///
/// This is the "decorrelated jitter" of M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: many
/// clients that failed together don't come back together.
public struct Backoff: Sendable {
    private let base: Double
    private let cap: Double
    private var last: Double

    /// The waits of one operation.
    public init(_ policy: RetryPolicy) {
        base = policy.base / .seconds(1)
        cap = policy.cap / .seconds(1)
        last = base
    }

    /// The next wait.
    public mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        last = min(cap, Double.random(in: base...(last * 3), using: &generator))
        return .seconds(last)
    }
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): the same seed gives the same numbers. Not for secrets.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A generator whose numbers follow from the seed alone.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next number, uniform over all of UInt64.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
