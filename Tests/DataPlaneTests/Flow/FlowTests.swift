import Synchronization
import Testing

@testable import DataPlane

@Suite struct FlowTests {
    @Test("a bucket lets its rate through, whatever the pieces", arguments: [1_000, 64_000, 100_000, 1_000_000])
    func rate(piece: UInt64) {
        let rate: UInt64 = 1_000_000
        var bucket = TokenBucket(rate: rate, now: 0)
        var (now, sent): (UInt64, UInt64) = (0, 0)
        while now < 10_000_000_000 {
            let wait = bucket.take(piece, now: now)
            if wait == 0 { sent += piece } else { now += wait }
        }
        // Ten seconds' worth, the first burst, and what the last piece borrowed.
        #expect(sent >= 10 * rate && sent <= 10 * rate + rate / 10 + piece)
    }

    @Test("after a pause at most a tenth of a second's worth goes at once")
    func burst() {
        var bucket = TokenBucket(rate: 1000, now: 0)
        var sent = 0
        while bucket.take(10, now: 3_600_000_000_000) == 0 { sent += 10 }
        #expect(sent == 100)
    }

    @Test("a changed rate holds at once; a clock that stands or goes back gives nothing")
    func change() {
        var bucket = TokenBucket(rate: nil, now: 5)
        #expect(bucket.take(1 << 40, now: 5) == 0)
        bucket.setRate(1000, now: 5)
        #expect(bucket.take(100, now: 5) == 100_000_000)
        #expect(bucket.take(100, now: 1) == 100_000_000)
        bucket.setRate(nil, now: 5)
        #expect(bucket.take(1 << 40, now: 5) == 0)
    }

    @Test("a limiter sleeps until the bytes may go, and stops when told")
    func limiter() {
        let clock = Mutex<UInt64>(0)
        let limiter = RateLimiter(
            bytesPerSecond: 1000, now: { clock.withLock { $0 } }, sleep: { n in clock.withLock { $0 += n } })
        for _ in 0..<100 { #expect(limiter.acquire(50, isCancelled: { false })) }
        // 5000 bytes at 1000 a second, of which 100 were there at the start.
        #expect(clock.withLock { $0 } / 1_000_000 == 4900)
        #expect(!limiter.acquire(50, isCancelled: { clock.withLock { $0 } > 4_900_000_000 }))
        limiter.setRate(0)
        #expect(limiter.slice == nil)
        #expect(limiter.acquire(1 << 40, isCancelled: { false }))
    }

    @Test("slices are about 20 ms of the rate", arguments: [(1, 1024), (1 << 20, 20971), (1 << 40, 1 << 20)])
    func slice(rate: Int, wanted: Int) {
        #expect(RateLimiter(bytesPerSecond: UInt64(rate)).slice == wanted)
    }

    @Test("a pool gives out aligned buffers, no more than it has, and takes them back")
    func pool() throws {
        let pool = try BufferPool(count: 2)
        do {
            let a = try pool.lease()
            let b = try pool.lease()
            #expect(a.payload != b.payload)
            for payload in [a.payload, b.payload] {
                #expect(Int(bitPattern: payload) % 4096 == 0)
                (payload - BufferPool.lead).initializeMemory(
                    as: UInt8.self, repeating: 1, count: BufferPool.lead + Geometry.maxFrame + Geometry.tag)
            }
            let error = #expect(throws: TransferError.self) { _ = try pool.lease() }
            #expect(error?.kind == .resources)
        }
        let again = try pool.lease()
        #expect(Int(bitPattern: again.payload) % 4096 == 0)
    }
}
