import Synchronization

/// The rate at which all links of a tunnel together send from the source to the target.
final class TunnelFlow: Sendable {
    private let limiter: RateLimiter
    private let open = Atomic<Int>(0)

    /// After a pause at most 50 ms worth goes at once: what has left QEMU looks sent to it.
    init(bytesPerSecond: UInt64?) { limiter = RateLimiter(bytesPerSecond: bytesPerSecond, span: 0.05) }

    func setRate(_ bytesPerSecond: UInt64?) { limiter.setRate(bytesPerSecond) }

    /// Notes that a connection begins, or with -1 that one ends.
    func addOpen(_ count: Int) { open.add(count, ordering: .relaxed) }

    /// How much one link may take from QEMU at once: under a limit 20 ms worth, shared by all open links.
    var room: Int {
        guard let slice = limiter.slice else { return TunnelFrame.maxPayload }
        return min(TunnelFrame.maxPayload, max(512, slice / max(1, open.load(ordering: .relaxed))))
    }

    /// Blocks until that many bytes may go, and answers with the nanoseconds that it took. Throws when the tunnel ends.
    func pass(_ bytes: Int, _ ending: TunnelEnding) throws(TransferError) -> UInt64 {
        guard limiter.rate != nil else { return 0 }
        let start = monotonicNanoseconds()
        guard limiter.acquire(bytes, isCancelled: { ending.isSet }) else { throw .cancelled() }
        return monotonicNanoseconds() - start
    }
}
