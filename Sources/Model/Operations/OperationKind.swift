/// What an operation does.
public enum OperationKind: String, Sendable, Codable, CaseIterable {
    case clone, replicate
}

/// Where an operation stands.
public enum OperationState: String, Sendable, Codable, CaseIterable {
    case pending, running, completed, failed, cancelled

    /// True when nothing more will happen to it by itself.
    public var isFinal: Bool {
        switch self {
        case .pending, .running: false
        case .completed, .failed, .cancelled: true
        }
    }
}

/// Where one target of an operation stands.
public enum TargetPhase: String, Sendable, Codable, CaseIterable {
    case preparing, connecting, copying, syncing, verifying, publishing, done, failed, cancelled

    /// True when nothing more will happen to it by itself.
    public var isFinal: Bool {
        switch self {
        case .done, .failed, .cancelled: true
        case .preparing, .connecting, .copying, .syncing, .verifying, .publishing: false
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
