/// How an operation ended, target by target.
public struct OperationResult: Sendable, Codable, Equatable {
    /// The operation's id.
    public var id: OperationID
    /// What it did.
    public var kind: OperationKind
    /// The source VM.
    public var vm: String
    /// The host that it was copied from.
    public var source: String
    /// How it ended as a whole: completed when every target has its copy.
    public var state: OperationState
    /// Every target, in the order of the command.
    public var targets: [TargetOutcome]
    /// Seconds that the whole operation took.
    public var seconds: Double

    /// Makes a record from its parts.
    public init(
        id: OperationID, kind: OperationKind, vm: String, source: String, state: OperationState,
        targets: [TargetOutcome],
        seconds: Double
    ) {
        self.id = id
        self.kind = kind
        self.vm = vm
        self.source = source
        self.state = state
        self.targets = targets
        self.seconds = seconds
    }

    /// `ok` when all targets have their copy, `tryAgain` when it was stopped so that it can be gone on with, `partFailed`
    /// when some have their copy, else the first error's code.
    public var exitCode: ExitCode {
        let errors = targets.compactMap(\.error)
        guard let first = errors.first else { return .ok }
        if errors.contains(where: { $0.code == .cancelled && $0.exitCode == .tryAgain }) { return .tryAgain }
        return errors.count < targets.count ? .partFailed : first.exitCode
    }
}

/// An operation as the store knows it, and `status` shows it.
public struct OperationStatus: Sendable, Codable, Equatable {
    /// The operation's id.
    public var id: OperationID
    /// What it does.
    public var kind: OperationKind
    /// The source VM.
    public var vm: String
    /// The host that it is copied from.
    public var source: String
    /// The hosts that it is copied to.
    public var targets: [String]
    /// Where it stands.
    public var state: OperationState
    /// Where its targets stood when that was last written down.
    public var progress: ProgressSnapshot?
    /// How it ended, once it has.
    public var result: OperationResult?
    /// When it was asked for, ISO 8601 in UTC.
    public var created: String
    /// When it began, ISO 8601 in UTC.
    public var started: String?
    /// When it ended, ISO 8601 in UTC.
    public var completed: String?

    /// Makes a record from its parts.
    public init(
        id: OperationID, kind: OperationKind, vm: String, source: String, targets: [String], state: OperationState,
        progress: ProgressSnapshot?, result: OperationResult?, created: String, started: String?, completed: String?
    ) {
        self.id = id
        self.kind = kind
        self.vm = vm
        self.source = source
        self.targets = targets
        self.state = state
        self.progress = progress
        self.result = result
        self.created = created
        self.started = started
        self.completed = completed
    }
}
