/// How a VM is moved.
public enum MigrationMode: String, Sendable, Codable, CaseIterable {
    /// It is shut down, copied and started.
    case cold
    /// It is copied while it runs, shut down when little is left to copy, and started.
    case warm
    /// It runs on while its memory and disks move.
    case live
    /// Its disks are copied first, while it runs on with overlays on them; then those move live with its memory.
    case seeded

    /// True when the guest goes on all the time.
    public var keepsRunning: Bool { self == .live || self == .seeded }
}

/// What `migrate` is told beside how to copy.
public struct MigrationOptions: Sendable, Codable, Equatable {
    /// How the VM is moved; nil: in the way that interrupts it least.
    public var mode: MigrationMode?
    /// Seconds that the guest has for shutting down; nil: 300.
    public var shutdownTimeout: Int?
    /// A guest that isn't down by then is switched off; else the migration ends, and the guest stays where it is.
    public var forcesOff = false
    /// Seconds that the last copy of a warm migration should take at most, or that a live one may pause the guest at its end;
    /// nil: 10, and 0.3.
    public var downtime: Double?
    /// Live: the guest is slowed down where it writes faster than its memory moves.
    public var autoConverges = false
    /// Live: it goes on on its new host before all of its memory is there, where that is needed to come to an end.
    public var postCopy = false
    /// Live: seconds after which it is paused until it has moved; nil: never.
    public var pauseAfter: Int?
    /// Live: memory and disks go from QEMU to QEMU over TCP, unsealed and past all limits but `--bwlimit`.
    public var native = false
    /// Connections for memory of a native live migration.
    public var connections: Int?

    /// The default options.
    public init() {}
}

/// The way in which a plan moves a VM.
public struct MigrationChoice: Sendable, Codable, Equatable {
    /// How.
    public var mode: MigrationMode
    /// Why so.
    public var reason: String
    /// True when the VM runs, and is to run afterwards.
    public var runs: Bool

    /// Makes a choice from its parts.
    public init(mode: MigrationMode, reason: String, runs: Bool) {
        self.mode = mode
        self.reason = reason
        self.runs = runs
    }
}
