import CLibvirt

/// What a domain does.
public enum DomainState: Sendable, Hashable {
    /// The driver does not know.
    case noState
    /// It runs.
    case running
    /// It waits for a resource of the host.
    case blocked
    /// It was paused.
    case paused
    /// The guest shuts down.
    case shuttingDown
    /// It does not run.
    case shutOff
    /// It crashed.
    case crashed
    /// The guest sleeps by its own power management.
    case pmSuspended
    /// A number that this library does not know.
    case other(Int)

    init(number: Int32) {
        switch virDomainState(rawValue: UInt32(bitPattern: number)) {
        case VIR_DOMAIN_NOSTATE: self = .noState
        case VIR_DOMAIN_RUNNING: self = .running
        case VIR_DOMAIN_BLOCKED: self = .blocked
        case VIR_DOMAIN_PAUSED: self = .paused
        case VIR_DOMAIN_SHUTDOWN: self = .shuttingDown
        case VIR_DOMAIN_SHUTOFF: self = .shutOff
        case VIR_DOMAIN_CRASHED: self = .crashed
        case VIR_DOMAIN_PMSUSPENDED: self = .pmSuspended
        default: self = .other(Int(number))
        }
    }
}

/// A domain's state and why it is in it.
public struct DomainStatus: Sendable, Hashable {
    /// What the domain does.
    public let state: DomainState
    /// Why, as a number of the libvirt enumeration that belongs to the state (`virDomainPausedReason`, …).
    public let reason: Int

    /// A status by its parts.
    public init(state: DomainState, reason: Int) {
        self.state = state
        self.reason = reason
    }

    /// The reason in words; nil where libvirt knows none.
    public var reasonText: String? {
        let texts: [String]
        switch state {
        case .running: texts = Self.running
        case .paused: texts = Self.paused
        case .shuttingDown: texts = ["", "on request"]
        case .shutOff: texts = Self.shutOff
        case .crashed: texts = ["", "the guest panicked"]
        case .noState, .blocked, .pmSuspended, .other: return nil
        }
        guard texts.indices.contains(reason), !texts[reason].isEmpty else { return nil }
        return texts[reason]
    }

    private static let running = [
        "", "booted", "migrated from another host", "restored from a saved state", "restored from a snapshot",
        "resumed", "a migration was cancelled", "a save was cancelled", "woken up", "resumed after a crash",
        "in a post-copy migration", "in a failed post-copy migration",
    ]
    private static let paused = [
        "", "on request", "migration", "save", "core dump", "disk error", "watchdog", "restored from a snapshot",
        "shutting down", "snapshot", "the guest crashed", "starting up", "post-copy migration",
        "failed post-copy migration",
    ]
    private static let shutOff = [
        "", "shut down", "powered off", "crashed", "migrated to another host", "saved to a file", "failed to start",
        "restored from a snapshot", "ended by the daemon",
    ]
}

/// State, memory and processors of a domain.
public struct DomainInfo: Sendable, Equatable {
    /// The state and its reason.
    public let status: DomainStatus
    /// The most memory that the guest may have, in bytes.
    public let maximumMemory: UInt64
    /// The memory that the guest has now, in bytes.
    public let memory: UInt64
    /// Virtual processors.
    public let vcpus: Int
    /// Processor time that the domain has used since it started.
    public let cpuTime: Duration
}
