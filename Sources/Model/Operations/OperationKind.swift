/// What an operation does.
public enum OperationKind: String, Sendable, Codable, CaseIterable {
    case clone, replicate
    /// Replicas of a VM are made, or brought to its present state.
    case sync
    /// A replica is defined as the VM that it is of.
    case promote
    /// A VM is moved to another host.
    case migrate
    /// A VM and copies of it are compared, and nothing is written.
    case diff, verify

    /// True when it makes copies, and so can be gone on with.
    public var makesCopies: Bool {
        switch self {
        case .clone, .replicate, .sync, .migrate: true
        case .promote, .diff, .verify: false
        }
    }

    /// True when what it copies to becomes a replica, at least for a while.
    package var makesReplicas: Bool { self == .sync || self == .migrate }
}

/// Where an operation stands.
public enum OperationState: String, Sendable, Codable, CaseIterable {
    case pending, running, completed, failed, cancelled
    /// Nobody works on it, and what it did to the hosts is neither complete nor undone: it was stopped so, something
    /// failed that another run may get past, or its process is gone.
    case interrupted

    /// True when it has ended and nobody has to look after it any more.
    public var isFinal: Bool {
        switch self {
        case .pending, .running, .interrupted: false
        case .completed, .failed, .cancelled: true
        }
    }

    /// True while a process works on it, so that it will come to an end by itself.
    public var isActive: Bool {
        switch self {
        case .pending, .running: true
        case .completed, .failed, .cancelled, .interrupted: false
        }
    }
}

/// Where one target of an operation stands.
public enum TargetPhase: String, Sendable, Codable, CaseIterable {
    case preparing, connecting, copying, syncing, comparing, verifying, publishing
    /// The VM runs, and its memory and disks move.
    case moving
    /// The VM is shut down on its old host, and started on its new one.
    case shuttingDown = "shutting_down"
    case starting
    case done, failed, cancelled

    /// Its name for people.
    public var words: String { self == .shuttingDown ? "shutting down" : rawValue }

    /// True when nothing more will happen to it by itself.
    public var isFinal: Bool {
        switch self {
        case .done, .failed, .cancelled: true
        case .preparing, .connecting, .copying, .syncing, .comparing, .verifying, .publishing, .moving, .shuttingDown,
            .starting:
            false
        }
    }
}

/// How the bytes travel between two hosts.
public enum DataPath: String, Sendable, Codable, CaseIterable {
    /// From agent to agent over TCP.
    case direct
    /// Through the coordinator's SSH sessions.
    case coordinator
}
