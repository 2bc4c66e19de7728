import Coordinator
import Model
import Store

/// All that is known of an operation.
public struct OperationDetails: Sendable, Equatable {
    /// How it stands.
    public var status: OperationStatus
    /// What it was asked to do; nil where that wasn't written down.
    public var request: CloneRequest?
    /// The process that runs it, or ran it.
    public var processID: Int32
    /// True while that process lives.
    public var isProcessAlive: Bool
    /// True when it was asked to stop.
    public var isCancelRequested: Bool
    /// What it did that may still have to be undone, oldest first.
    public var openSteps: [OpenStep]
    /// Targets that have ended so far.
    public var outcomes: [TargetOutcome]

    package init(
        status: OperationStatus, request: CloneRequest?, processID: Int32, isProcessAlive: Bool,
        isCancelRequested: Bool, openSteps: [OpenStep], outcomes: [TargetOutcome]
    ) {
        self.status = status
        self.request = request
        self.processID = processID
        self.isProcessAlive = isProcessAlive
        self.isCancelRequested = isCancelRequested
        self.openSteps = openSteps
        self.outcomes = outcomes
    }

    init(_ entry: OperationEntry, request: CloneRequest?, openSteps: [OpenStep], outcomes: [TargetOutcome]) {
        self.init(
            status: entry.current, request: request, processID: entry.owner.processID,
            isProcessAlive: entry.owner.isAlive, isCancelRequested: entry.isCancelRequested, openSteps: openSteps,
            outcomes: outcomes)
    }
}
