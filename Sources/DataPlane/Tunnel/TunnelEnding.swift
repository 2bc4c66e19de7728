import Synchronization

/// Whether a tunnel ends before its connections do, and since when. Set once, from any thread.
final class TunnelEnding: Sendable {
    /// Nanoseconds for which a peer may still read why.
    private static let grace: UInt64 = 1_000_000_000
    private let since = Atomic<UInt64>(0)

    var isSet: Bool { since.load(ordering: .relaxed) != 0 }

    /// Whether the peer had its time.
    var isOver: Bool {
        let since = since.load(ordering: .relaxed)
        return since != 0 && monotonicNanoseconds() > since + Self.grace
    }

    func set() {
        let now = max(1, monotonicNanoseconds())
        _ = since.compareExchange(expected: 0, desired: now, ordering: .sequentiallyConsistent)
    }
}
