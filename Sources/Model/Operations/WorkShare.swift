/// How far a pass over some disks has come. It is counted in data where data is known, since holes take next to no
/// time.
///
/// The fraction doesn't fall so long as `done` and `data` don't.
public struct WorkShare: Sendable, Equatable {
    /// Bytes dealt with.
    public let moved: UInt64
    /// Bytes that the pass will have dealt with at its end, so far as known.
    public let expected: UInt64
    private let isComplete: Bool

    /// `done` of `total` bytes are dealt with, holes included; `data` of them were data, nil when nobody knows; `used`
    /// is what is expected to be data.
    public init(done: UInt64, total: UInt64, data: UInt64?, used: UInt64) {
        let done = min(done, total)
        isComplete = done == total
        guard let data, data > 0 || used > 0 else {
            (moved, expected) = (done, total)
            return
        }
        // What is allocated may hold zeros, which count as holes when they are met: no more data can come than there
        // are bytes left.
        let rest = min(used > data ? used - data : 0, total - done)
        (moved, expected) = (data, data.addingReportingOverflow(rest).overflow ? .max : data + rest)
    }

    /// From 0 to 1, and 1 only when all is dealt with.
    public var fraction: Double {
        guard !isComplete else { return 1 }
        guard expected > 0 else { return 0 }
        return min(0.99, Double(moved) / Double(expected))
    }
}

extension DiskProgress {
    /// The disk's share of the pass that its target is at.
    public var share: WorkShare { WorkShare(done: done, total: total, data: data, used: used) }
}

extension TargetProgress {
    /// All disks' share of the pass that the target is at.
    public var share: WorkShare {
        WorkShare(
            done: disks.reduce(0) { $0 &+ $1.done }, total: disks.reduce(0) { $0 &+ $1.total }, data: data,
            used: disks.reduce(0) { $0 &+ min($1.used, $1.total) })
    }
}

extension ProgressSnapshot {
    /// The share of the whole operation that is done, from 0 to 1; targets count alike.
    public var fraction: Double {
        guard !targets.isEmpty else { return 0 }
        // Every target gets the same disks.
        return targets.reduce(0) { $0 + $1.fraction } / Double(targets.count)
    }
}
