/// How `clone` and `replicate` make their copies.
public struct CloneOptions: Sendable, Codable, Equatable {
    /// Which bytes of a disk are copied.
    public enum View: String, Sendable, Codable, CaseIterable {
        /// The image file's own bytes: the copy is the same file.
        case container
        /// What the guest reads: the copy is a new image without history.
        case guest
    }

    /// Which way the bytes may travel.
    public enum PathChoice: String, Sendable, Codable, CaseIterable {
        case auto, direct, coordinator
    }

    /// When the sender compresses.
    public enum Compression: String, Sendable, Codable, CaseIterable {
        /// Where it makes the transfer faster, by measurement.
        case auto
        /// Always where it saves bytes.
        case on
        case off
    }

    /// What a copy of a running VM is like.
    public enum Consistency: String, Sendable, Codable, CaseIterable {
        /// All disks at one instant, with the guest's file systems frozen by its agent; where it has none, as `crash`.
        case agent
        /// All disks at one instant, as after a power cut.
        case crash
        /// A running VM isn't copied.
        case off
    }

    /// How the data gets from the source to several targets.
    public enum FanOut: String, Sendable, Codable, CaseIterable {
        /// Up to eight trees, as good as the planner finds for the topology.
        case auto
        /// The source feeds every target.
        case star
        /// One path through all targets.
        case chain
        /// The best single tree.
        case tree
    }

    /// The copy's name; nil: the command's default.
    public var newName: String?
    /// Replace a VM of that name on the target, after the new copy is complete.
    public var force = false
    /// Streams per job, 1-16.
    public var parallel = 4
    /// When to compress.
    public var compression = Compression.auto
    /// Read back and compare every copy.
    public var verify = true
    /// Seconds without progress after which a copy fails.
    public var stallTimeout = 3600
    /// Seconds after which a copy fails whatever its progress; nil: no limit.
    public var deadline: Int?
    /// Keep the interfaces' MAC addresses.
    public var preserveMAC = false
    /// Source network to target network; networks that aren't named keep their name.
    public var networkMap: [String: String] = [:]
    /// The pool on the targets; nil: each host's default.
    public var pool: String?
    /// What the operation may send, in bytes on the wire per second: no host sends more than that, the source's copies
    /// all together and what a target passes on as well, and no link between two sites carries more; nil: no limit.
    public var bandwidthLimit: Timetable?
    /// Which bytes are copied.
    public var view = View.container
    /// Merge backing chains into one image.
    public var flatten = false
    /// What a copy of a running VM is like.
    public var consistency = Consistency.agent
    /// Sync: only onto a replica that is there, and only what has changed.
    public var deltaOnly = false
    /// Sync: keep a checkpoint on a running source, so that the next sync reads only what was written since.
    public var checkpoint = false
    /// Sync: a replica that a comparison has found to differ is mended.
    public var repairs = false
    /// Migrate: how the VM is moved.
    public var migration = MigrationOptions()
    /// Copy CD-ROM and floppy images as well.
    public var copyMedia = false
    /// Which way the bytes may travel.
    public var path = PathChoice.auto
    /// How the data gets to several targets.
    public var fanOut = FanOut.auto

    /// The default options.
    public init() {}
}
