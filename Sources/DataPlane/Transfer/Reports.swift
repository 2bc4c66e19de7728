/// What a send job did.
public struct SendReport: Sendable {
    /// One disk's part.
    public struct Disk: Sendable, Equatable {
        /// Index in the job.
        public var index: UInt32
        /// Size in bytes.
        public var size: UInt64
        /// Root digest, when it was asked for.
        public var root: Digest256?
    }

    /// One target's part.
    public struct Target: Sendable {
        /// The id that `addTarget` was given.
        public var id: String
        /// Bytes given to the kernel for it.
        public var wireBytes: UInt64
        /// Why it was dropped; nil when it has confirmed everything.
        public var failure: TransferError?
    }

    /// The disks, in the job's order.
    public var disks: [Disk]
    /// The targets, in the order in which they were added.
    public var targets: [Target]
    /// Bytes of disks that were covered: all, or what was to be sent.
    public var logicalBytes: UInt64
    /// Bytes of disks that were read only for their digests, and not sent.
    public var hashedBytes: UInt64
    /// Bytes of disks that were neither sent nor read: a log knew their digests.
    public var knownBytes: UInt64
    /// Bytes of disks that went as data.
    public var dataBytes: UInt64
    /// Bytes of disks that went as zeros.
    public var zeroBytes: UInt64
    /// Frames that were sealed.
    public var frames: UInt64
    /// Where the time went.
    public var times: StageTimes
}

/// What a receive job did.
public struct ReceiveReport: Sendable, Equatable {
    /// Bytes of disks that were covered: the sum of their sizes. What was kept of an earlier run is in it.
    public var logicalBytes: UInt64
    /// Bytes of disks that came as data.
    public var dataBytes: UInt64
    /// Bytes of disks that came as zeros.
    public var zeroBytes: UInt64
    /// Bytes on the wire.
    public var wireBytes: UInt64
    /// Where the time went.
    public var times: StageTimes
}

/// What was found when everything was read back.
public struct ReadBackReport: Sendable, Equatable {
    /// The root of each disk as it was read after a flush, in the job's order.
    public var roots: [Digest256]
    /// The worst of where its bytes came from.
    public var medium: ReadBackMedium
    /// Where the time went.
    public var times: StageTimes
}

/// How far reading back is. The numbers only grow.
public struct ReadBackProgress: Sendable, Equatable {
    /// Bytes of each disk that were read or known to be zeros, in the job's order.
    public var disks: [UInt64]
    /// Of these, the bytes that were read.
    public var dataBytes: UInt64
}

/// How far a job is. The numbers only grow.
public struct TransferProgress: Sendable, Equatable {
    /// Bytes of disks done.
    public var logicalBytes: UInt64
    /// Bytes of all disks together.
    public var totalBytes: UInt64
    /// Bytes on the wire, of all targets together.
    public var wireBytes: UInt64
    /// Bytes of disks that held data; the rest of `logicalBytes` was zeros.
    public var dataBytes: UInt64
    /// Bytes done of each disk, in the order of the job's list. Empty where only the sum is known.
    public var disks: [UInt64]
}
