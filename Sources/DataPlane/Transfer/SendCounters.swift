import Synchronization

/// Counters that every worker adds to and anyone may read.
final class SendCounters: Sendable {
    let data = Atomic<UInt64>(0)
    let zeros = Atomic<UInt64>(0)
    /// Bytes that were read only for their digests.
    let hashed = Atomic<UInt64>(0)

    var logical: UInt64 { data.load(ordering: .relaxed) + zeros.load(ordering: .relaxed) }
}
