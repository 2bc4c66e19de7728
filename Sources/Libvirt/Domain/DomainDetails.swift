import CLibvirt

/// The sizes of one disk of a domain, in bytes.
public struct BlockInfo: Sendable, Equatable {
    /// What the guest sees.
    public let capacity: UInt64
    /// What is allocated on the host.
    public let allocation: UInt64
    /// The length of the container on the host.
    public let physical: UInt64
}

/// The job that holds a domain: a migration, a backup, a save.
public struct DomainJob: Sendable, Equatable {
    /// Whether there is a job, and how it ended.
    public let kind: Kind
    /// The time since it began.
    public let elapsed: Duration
    /// Bytes in all; it grows where the guest dirties what was sent.
    public let dataTotal: UInt64
    /// Bytes done.
    public let dataProcessed: UInt64
    /// Bytes to do.
    public let dataRemaining: UInt64

    /// The state of a job.
    public enum Kind: Sendable, Equatable {
        /// There is none.
        case none
        /// One runs whose end can be told.
        case bounded
        /// One runs whose end can't be told.
        case unbounded
        /// One has ended well and is not cleared yet.
        case completed
        /// One has failed and is not cleared yet.
        case failed
        /// One was aborted and is not cleared yet.
        case cancelled
        /// A number that this library does not know.
        case other(Int)
    }
}

extension Domain {
    /// The names of its snapshots, as libvirt lists them.
    public func snapshotNames() throws(LibvirtError) -> [String] {
        let snapshots = try handle.objects(
            "virDomainListAllSnapshots", release: { virDomainSnapshotFree($0) }
        ) { virDomainListAllSnapshots($0, $1, 0) }
        return try names(of: snapshots, "virDomainSnapshotGetName") { virDomainSnapshotGetName($0) }
    }

    /// The names of its checkpoints, parents first.
    public func checkpointNames() throws(LibvirtError) -> [String] {
        let parentsFirst = VIR_DOMAIN_CHECKPOINT_LIST_TOPOLOGICAL.rawValue
        let checkpoints = try handle.objects(
            "virDomainListAllCheckpoints", release: { virDomainCheckpointFree($0) }
        ) { virDomainListAllCheckpoints($0, $1, parentsFirst) }
        return try names(of: checkpoints, "virDomainCheckpointGetName") { virDomainCheckpointGetName($0) }
    }

    /// The job that holds the domain now. Throws an unsupported error where the driver has no jobs.
    public func job() throws(LibvirtError) -> DomainJob {
        var info = virDomainJobInfo()
        try handle.number("virDomainGetJobInfo") { virDomainGetJobInfo($0, &info) }
        let kind: DomainJob.Kind =
            switch virDomainJobType(rawValue: UInt32(bitPattern: info.type)) {
            case VIR_DOMAIN_JOB_NONE: .none
            case VIR_DOMAIN_JOB_BOUNDED: .bounded
            case VIR_DOMAIN_JOB_UNBOUNDED: .unbounded
            case VIR_DOMAIN_JOB_COMPLETED: .completed
            case VIR_DOMAIN_JOB_FAILED: .failed
            case VIR_DOMAIN_JOB_CANCELLED: .cancelled
            default: .other(Int(info.type))
            }
        return DomainJob(
            kind: kind, elapsed: .milliseconds(Int64(clamping: info.timeElapsed)), dataTotal: info.dataTotal,
            dataProcessed: info.dataProcessed, dataRemaining: info.dataRemaining)
    }

    /// The sizes of a disk. Throws an unsupported error where the driver can't tell.
    ///
    /// - Parameter disk: The target (`vda`) or the path of the source.
    public func blockInfo(disk: String) throws(LibvirtError) -> BlockInfo {
        var info = virDomainBlockInfo()
        try handle.number("virDomainGetBlockInfo") { virDomainGetBlockInfo($0, disk, &info, 0) }
        return BlockInfo(capacity: info.capacity, allocation: info.allocation, physical: info.physical)
    }

    private func names(
        of handles: [Handle], _ call: String, _ read: (OpaquePointer) -> UnsafePointer<CChar>?
    ) throws(LibvirtError) -> [String] {
        var names: [String] = []
        for handle in handles { names.append(try handle.borrowedString(call, read)) }
        return names
    }
}
