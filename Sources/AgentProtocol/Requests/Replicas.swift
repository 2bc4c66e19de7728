/// What a pool keeps of a replica, beside its disks: which VM it is, of which generation, and in which files.
package struct ReplicaRecord: Codable, Sendable, Equatable {
    /// What its file's name has behind the VM's.
    package static let suffix = ".kvm-clone-replica"
    /// The version that this build writes.
    package static let currentVersion = 1

    /// One disk.
    package struct Disk: Codable, Sendable, Equatable {
        /// The guest's name of it, such as `vda`, or `nvram`.
        package var target: String
        /// Its file in the folder of the record.
        package var file: String
        /// `raw` or `qcow2`.
        package var format: String
        /// Bytes that the guest reads.
        package var size: UInt64
        /// The file with what the last sync has changed, on top of the first one; nil once that is merged into it.
        package var overlay: String?

        package init(target: String, file: String, format: String, size: UInt64, overlay: String? = nil) {
            self.target = target
            self.file = file
            self.format = format
            self.size = size
            self.overlay = overlay
        }
    }

    package var version: Int
    /// The VM's name, which is also its origin's.
    package var name: String
    package var uuid: String
    /// The host that it is a replica from.
    package var origin: String
    /// The domain XML that defines it on this host.
    package var xml: String
    package var disks: [Disk]
    /// Files that belong to an earlier generation, and go when this one is merged.
    package var retired: [String]
    /// From 1; one more with each sync.
    package var generation: Int
    /// When the source was in this state, ISO 8601.
    package var taken: String
    /// The operation that made this generation.
    package var operation: String
    /// When all of it was last compared with its source, ISO 8601; nil for never.
    package var verified: String?
    /// True when a comparison has found that it isn't what its source was: it is neither promoted nor built upon.
    package var differs: Bool
    /// The checkpoint of the origin at which its disks were as this generation's; nil when it keeps none.
    package var checkpoint: String?
    /// The definition of the shut-off VM whose disks these are, for as long as a sync changes them; nil for a replica.
    package var definition: String?

    package init(
        name: String, uuid: String, origin: String, xml: String, disks: [Disk], retired: [String] = [],
        generation: Int, taken: String, operation: String, verified: String? = nil, differs: Bool = false,
        checkpoint: String? = nil, definition: String? = nil
    ) {
        self.checkpoint = checkpoint
        self.definition = definition
        version = Self.currentVersion
        self.name = name
        self.uuid = uuid
        self.origin = origin
        self.xml = xml
        self.disks = disks
        self.retired = retired
        self.generation = generation
        self.taken = taken
        self.operation = operation
        self.verified = verified
        self.differs = differs
    }

    /// True when a generation was switched to whose overlays are still to be merged.
    package var needsMerge: Bool { !retired.isEmpty || disks.contains { $0.overlay != nil } }
}

/// Looks for replicas in some pool folders.
package struct ListReplicas: AgentRequest {
    package static let name = "replica.list"

    package var folders: [String]

    package init(folders: [String]) {
        self.folders = folders
    }

    package struct Found: Codable, Sendable, Equatable {
        package var folder: String
        /// The name that the record's file says.
        package var name: String
        /// Nil when the file isn't a record that this build can use.
        package var record: ReplicaRecord?
        /// Why not.
        package var problem: String?

        package init(folder: String, name: String, record: ReplicaRecord?, problem: String? = nil) {
            self.folder = folder
            self.name = name
            self.record = record
            self.problem = problem
        }
    }

    package typealias Response = [Found]
}

/// Replaces the record of a replica, makes it or removes it, at once and durably: where the generation `from` is, or nothing
/// for nil, `to` is from then on. Where `to` is already, nothing is done. Anything else is refused.
package struct SwitchReplica: AgentRequest {
    package static let name = "replica.switch"

    package var folder: String
    /// The VM's name.
    package var replica: String
    package var from: Int?
    package var to: ReplicaRecord?

    package init(folder: String, replica: String, from: Int?, to: ReplicaRecord?) {
        self.folder = folder
        self.replica = replica
        self.from = from
        self.to = to
    }

    package typealias Response = Done
}

/// Merges the overlays of a replica's generation into the files below, and removes what isn't needed any more. It may be
/// done again wherever it broke off, since an overlay shows the same until it is removed. A replica that has nothing to
/// merge, or isn't there, is no error.
package struct MergeReplica: AgentRequest {
    package static let name = "replica.merge"

    package var folder: String
    /// The VM's name.
    package var replica: String
    /// Files that aren't needed any more stay: a VM is still defined with them.
    package var keepsFiles: Bool

    package init(folder: String, replica: String, keepsFiles: Bool = false) {
        self.folder = folder
        self.replica = replica
        self.keepsFiles = keepsFiles
    }

    package typealias Response = Done
}

/// Reads back some ranges of what a job has written, from the medium where that can be done, and answers with the digests
/// of their leaves.
package struct ReadBackRanges: AgentRequest {
    package static let name = "receive.readback.ranges"

    package var job: HexBytes
    /// Ranges of each disk, in order; together no more than `KeptDisk.mostLeaves` leaves.
    package var disks: [[[UInt64]]]

    package init(job: HexBytes, disks: [[[UInt64]]]) {
        self.job = job
        self.disks = disks
    }

    package struct Response: Codable, Sendable, Equatable {
        /// Of each disk, SHA-256 of each leaf of its ranges, one after the other.
        package var digests: [HexBytes]
        /// True when the page cache was bypassed.
        package var fromMedium: Bool

        package init(digests: [HexBytes], fromMedium: Bool) {
            self.digests = digests
            self.fromMedium = fromMedium
        }
    }
}
