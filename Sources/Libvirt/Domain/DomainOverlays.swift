import CLibvirt

/// A job that works on one disk of a running domain.
public struct BlockJob: Sendable, Equatable {
    /// True when it merges the image that the guest writes to into one below.
    public var commitsTop: Bool
    /// How far it is; equal when it has caught up with the guest.
    public var done: UInt64
    /// Where it ends.
    public var end: UInt64
}

extension Domain {
    /// Puts overlays on disks of the running domain, on all or on none, as a snapshot's XML says. libvirt makes the files, and
    /// keeps no record of a snapshot.
    public func addOverlays(xml: String) throws(LibvirtError) {
        let flags =
            VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY.rawValue | VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA.rawValue
            | VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC.rawValue
        _ = try handle.object("virDomainSnapshotCreateXML", release: { virDomainSnapshotFree($0) }) {
            virDomainSnapshotCreateXML($0, xml, flags)
        }
    }

    /// Begins to merge what the guest writes to into `base`, a path; returns at once. It goes on until `pivot`.
    public func beginCommit(disk: String, into base: String) throws(LibvirtError) {
        try handle.number("virDomainBlockCommit") {
            virDomainBlockCommit($0, disk, base, nil, 0, VIR_DOMAIN_BLOCK_COMMIT_ACTIVE.rawValue)
        }
    }

    /// The job that works on a disk; nil when none does.
    public func blockJob(disk: String) throws(LibvirtError) -> BlockJob? {
        var info = virDomainBlockJobInfo()
        let found = try handle.number("virDomainGetBlockJobInfo") { virDomainGetBlockJobInfo($0, disk, &info, 0) }
        guard found == 1 else { return nil }
        return BlockJob(
            commitsTop: UInt32(bitPattern: info.type) == VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT.rawValue,
            done: info.cur, end: info.end)
    }

    /// Lets the guest go on with the image that a commit has merged into. False when the job hasn't caught up with it yet.
    public func pivot(disk: String) throws(LibvirtError) -> Bool {
        do throws(LibvirtError) {
            try handle.number("virDomainBlockJobAbort") {
                virDomainBlockJobAbort($0, disk, VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT.rawValue)
            }
            return true
        } catch {
            guard error.code == .blockCopyActive else { throw error }
            return false
        }
    }
}
