import Synchronization

/// A limit in bytes per second that everything shares which is handed the same limiter.
public final class RateLimiter: Sendable {
    private let bucket: Mutex<TokenBucket>
    /// 0 for unlimited; read without the lock, for the size of the next slice.
    private let current: Atomic<UInt64>
    private let now: @Sendable () -> UInt64
    private let sleep: @Sendable (UInt64) -> Void

    /// At most `bytesPerSecond` in the mean, with bursts of up to 100 ms; nil or 0 is unlimited.
    public convenience init(bytesPerSecond: UInt64?) {
        self.init(bytesPerSecond: bytesPerSecond, span: 0.1)
    }

    /// `span`: seconds that a burst may last.
    convenience init(bytesPerSecond: UInt64?, span: Double) {
        self.init(bytesPerSecond: bytesPerSecond, span: span, now: monotonicNanoseconds, sleep: sleepNanoseconds)
    }

    init(
        bytesPerSecond: UInt64?, span: Double = 0.1, now: @escaping @Sendable () -> UInt64,
        sleep: @escaping @Sendable (UInt64) -> Void
    ) {
        let rate = bytesPerSecond == 0 ? nil : bytesPerSecond
        bucket = Mutex(TokenBucket(rate: rate, now: now(), span: span))
        current = Atomic(rate ?? 0)
        self.now = now
        self.sleep = sleep
    }

    /// Changes the rate at once, also for those who wait; nil or 0 is unlimited.
    public func setRate(_ bytesPerSecond: UInt64?) {
        let rate = bytesPerSecond == 0 ? nil : bytesPerSecond
        bucket.withLock { $0.setRate(rate, now: now()) }
        current.store(rate ?? 0, ordering: .relaxed)
    }

    /// The limit now, in bytes per second; nil when unlimited.
    var rate: UInt64? {
        let rate = current.load(ordering: .relaxed)
        return rate == 0 ? nil : rate
    }

    /// How much to ask for at once, so that a slow rate is kept smoothly: about 20 ms worth; nil when unlimited.
    var slice: Int? {
        rate.map { Int(min(max($0 / 50, 1024), UInt64(Geometry.maxFrame))) }
    }

    /// Takes `bytes` if they may go at once.
    func tryAcquire(_ bytes: Int) -> Bool { bucket.withLock { $0.take(UInt64(bytes), now: now()) } == 0 }

    /// Blocks until `bytes` may go. Returns false as soon as `isCancelled` says so, which it is asked every 50 ms.
    func acquire(_ bytes: Int, isCancelled: () -> Bool) -> Bool {
        while true {
            if isCancelled() { return false }
            let wait = bucket.withLock { $0.take(UInt64(bytes), now: now()) }
            if wait == 0 { return true }
            sleep(min(wait, 50_000_000))
        }
    }
}
