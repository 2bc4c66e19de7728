/// What an operation tells while it runs. Consumers draw progress from it or write it down; all of it is measured.
public enum OperationEvent: Sendable, Codable, Equatable {
    /// Preflight has passed and the work begins.
    case started(OperationStart)
    /// A target has come to another phase; `detail` says what is worth knowing about it.
    case phase(host: String, phase: TargetPhase, detail: String?)
    /// Where everything stands; at most ten a second.
    case progress(ProgressSnapshot)
    /// Something that the administrator should know, though the work goes on.
    case warning(host: String?, message: String)
    /// A target has ended, well or not.
    case targetEnded(TargetOutcome)
    /// The operation has ended.
    case ended(state: OperationState)
}

/// What an operation is about to do.
public struct OperationStart: Sendable, Codable, Equatable {
    /// The operation's id.
    public var id: OperationID
    /// What it does.
    public var kind: OperationKind
    /// The source VM.
    public var vm: String
    /// The host that it is copied from.
    public var source: String
    /// The hosts that it is copied to, in the order of the command.
    public var targets: [String]
    /// Copies' name per target, same order.
    public var newNames: [String]
    /// Disks with their guest names and sizes.
    public var disks: [DiskProgress]
    /// Which of several copies it begins, from 1, where one is made after the other.
    public var pass: Int?

    /// Makes a record from its parts.
    public init(
        id: OperationID, kind: OperationKind, vm: String, source: String, targets: [String], newNames: [String],
        disks: [DiskProgress]
    ) {
        self.id = id
        self.kind = kind
        self.vm = vm
        self.source = source
        self.targets = targets
        self.newNames = newNames
        self.disks = disks
    }
}

/// One disk's share of the work.
public struct DiskProgress: Sendable, Codable, Equatable {
    /// The guest's name for it, such as `vda`, or `nvram`.
    public var disk: String
    /// Bytes of it that are dealt with in this pass (copying, or reading back), holes included.
    public var done: UInt64
    /// Its size in bytes, holes included.
    public var total: UInt64
    /// Bytes that hold data, so far as known; what the transfer has to read.
    public var used: UInt64
    /// Bytes of data among those that are dealt with; nil when nobody knows.
    public var data: UInt64?

    /// Makes a record from its parts.
    public init(disk: String, done: UInt64, total: UInt64, used: UInt64, data: UInt64? = nil) {
        self.disk = disk
        self.done = done
        self.total = total
        self.used = used
        self.data = data
    }
}

/// One target's share of the work.
public struct TargetProgress: Sendable, Codable, Equatable {
    /// The target.
    public var host: String
    /// Where it stands.
    public var phase: TargetPhase
    /// Its disks.
    public var disks: [DiskProgress]
    /// Bytes of data of all disks that are dealt with in this pass; nil when nobody knows.
    public var data: UInt64?
    /// The share of all of this target's work that is done, from 0 to 1. It never falls, and is 1 when no disk is
    /// left to copy or to read back.
    public var fraction: Double
    /// Bytes sent to it over the wire.
    public var wireBytes: UInt64
    /// Bytes of data per second over the last seconds, of the disk (not the wire); holes don't count.
    public var rate: Double
    /// Predicted seconds to this target's end; nil while nobody can know.
    public var secondsLeft: Double?
    /// How its bytes travel, once known.
    public var path: DataPath?

    /// Makes a record from its parts.
    public init(
        host: String, phase: TargetPhase, disks: [DiskProgress], data: UInt64? = nil, fraction: Double,
        wireBytes: UInt64, rate: Double, secondsLeft: Double?, path: DataPath?
    ) {
        self.host = host
        self.phase = phase
        self.disks = disks
        self.data = data
        self.fraction = fraction
        self.wireBytes = wireBytes
        self.rate = rate
        self.secondsLeft = secondsLeft
        self.path = path
    }
}

/// Where an operation stands at one moment.
public struct ProgressSnapshot: Sendable, Codable, Equatable {
    /// Seconds since the operation began.
    public var elapsed: Double
    /// Every target, in the order of the command.
    public var targets: [TargetProgress]

    /// Makes a record from its parts.
    public init(elapsed: Double, targets: [TargetProgress]) {
        self.elapsed = elapsed
        self.targets = targets
    }
}

/// How one target ended.
public struct TargetOutcome: Sendable, Codable, Equatable {
    /// The target.
    public var host: String
    /// The copy's name.
    public var newName: String
    /// What failed; nil on success.
    public var error: KVMCloneError?
    /// True when what was written was read back and is equal.
    public var verified: Bool
    /// Disk bytes, holes included.
    public var logicalBytes: UInt64
    /// Bytes that crossed the wire.
    public var wireBytes: UInt64
    /// Seconds from the operation's start to this target's end.
    public var seconds: Double
    /// How the bytes travelled, once that was known.
    public var path: DataPath?
    /// What the administrator should know all the same.
    public var warnings: [String]
    /// Bytes of its disks, holes included, that stay on the target for a later run, 0 while nobody knows how many; nil
    /// when nothing stays that isn't complete.
    public var kept: UInt64?

    /// Makes a record from its parts.
    public init(
        host: String, newName: String, error: KVMCloneError?, verified: Bool, logicalBytes: UInt64, wireBytes: UInt64,
        seconds: Double, path: DataPath?, warnings: [String], kept: UInt64? = nil
    ) {
        self.host = host
        self.newName = newName
        self.error = error
        self.verified = verified
        self.logicalBytes = logicalBytes
        self.wireBytes = wireBytes
        self.seconds = seconds
        self.path = path
        self.warnings = warnings
        self.kept = kept
    }
}
