import Model
import Synchronization

/// All events of an operation.
final class EventLog: Sendable {
    private let events = Mutex<[OperationEvent]>([])

    func note(_ event: OperationEvent) { events.withLock { $0.append(event) } }

    var all: [OperationEvent] { events.withLock { $0 } }

    var warnings: [String] {
        all.compactMap { if case .warning(_, let message) = $0 { message } else { nil } }
    }

    var snapshots: [ProgressSnapshot] {
        all.compactMap { if case .progress(let snapshot) = $0 { snapshot } else { nil } }
    }

    func phases(of host: String) -> [TargetPhase] {
        all.compactMap { if case .phase(host, let phase, _) = $0 { phase } else { nil } }
    }

    /// True when the first event says that it began and the last that it ended.
    var isBracketed: Bool {
        guard case .started? = all.first, case .ended? = all.last else { return false }
        return true
    }
}

/// Carries an outcome out of a closure.
final class OutcomeBox: Sendable {
    private let stored = Mutex<TargetOutcome?>(nil)

    var outcome: TargetOutcome? { stored.withLock { $0 } }

    func set(_ outcome: TargetOutcome?) { stored.withLock { $0 = outcome } }
}
