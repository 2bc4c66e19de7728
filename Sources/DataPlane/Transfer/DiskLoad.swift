import Synchronization

/// What holds a receive job's streams up: its disks, or the senders.
final class DiskLoad: Sendable {
    /// Nanoseconds that the streams' threads have written, and waited for bytes from their peers.
    private let writing = Atomic<UInt64>(0)
    private let waiting = Atomic<UInt64>(0)

    /// True while it is the disks.
    var isHigh: Bool { writing.load(ordering: .relaxed) > waiting.load(ordering: .relaxed) }

    func wrote(_ nanoseconds: UInt64) { writing.add(nanoseconds, ordering: .relaxed) }
    func waited(_ nanoseconds: UInt64) { waiting.add(nanoseconds, ordering: .relaxed) }
}
