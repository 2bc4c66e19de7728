/// A token bucket over bytes: pure, told the time by its caller.
struct TokenBucket: Sendable {
    /// Bytes per second; nil is unlimited.
    private(set) var rate: UInt64?
    /// What may be sent at once.
    private var tokens: Double
    private var last: UInt64
    /// Seconds' worth of bytes that may be sent at once after a pause.
    private let span: Double

    init(rate: UInt64?, now: UInt64, span: Double = 0.1) {
        self.rate = rate
        self.span = span
        last = now
        tokens = 0
        tokens = rate.map(burst) ?? 0
    }

    private func burst(_ rate: UInt64) -> Double { max(1, Double(rate) * span) }

    /// Changes the rate; tokens beyond the new burst are lost.
    mutating func setRate(_ new: UInt64?, now: UInt64) {
        refill(now)
        tokens = min(tokens, new.map(burst) ?? 0)
        rate = new
    }

    /// Takes `bytes` and returns 0, or takes nothing and returns the nanoseconds until it is worth asking again.
    ///
    /// More than a burst is let through when the bucket is full, and is paid back before anything else goes.
    mutating func take(_ bytes: UInt64, now: UInt64) -> UInt64 {
        guard let rate else { return 0 }
        refill(now)
        let need = min(Double(bytes), burst(rate))
        guard tokens >= need - 0.5 else {
            return UInt64(max(1, ((need - tokens) / Double(max(1, rate)) * 1e9).rounded(.up)))
        }
        tokens -= Double(bytes)
        return 0
    }

    private mutating func refill(_ now: UInt64) {
        guard let rate, now > last else {
            last = max(last, now)
            return
        }
        tokens = min(burst(rate), tokens + Double(now - last) * Double(rate) / 1e9)
        last = now
    }
}
