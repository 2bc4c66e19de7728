import Model

/// Makes the events of an operation again from what is stored of it, for whoever follows it from another process.
struct OperationFeed {
    private var hasStarted = false
    private var hasEnded = false
    private var ended: Set<String> = []
    private var progress: ProgressSnapshot?

    /// The events to show next. `entries` are those of the log since the last call, and `status` was read before
    /// them. The log may lack some, since it is bounded and a killed process can't complete it; they are made up for.
    mutating func events(_ status: OperationStatus, entries: [OperationLogEntry]) -> [OperationEvent] {
        var events: [OperationEvent] = []
        for case .event(let event) in entries.map(\.content) where !hasEnded || event.isStart {
            // An operation that was gone on with has more than one beginning.
            if hasEnded {
                hasEnded = false
                ended = []
            }
            if !hasStarted, !event.isStart, !event.isWarning { begin(status, &events) }
            switch event {
            case .started: hasStarted = true
            case .targetEnded(let outcome): ended.insert(outcome.host)
            case .ended:
                finish(status, &events)
                hasEnded = true
            case .phase, .progress, .warning: break
            }
            events.append(event)
        }
        if !hasStarted, status.progress != nil || !status.state.isActive { begin(status, &events) }
        if !hasEnded, let snapshot = status.progress, snapshot != progress {
            progress = snapshot
            events.append(.progress(snapshot))
        }
        if !hasEnded, !status.state.isActive {
            finish(status, &events)
            events.append(.ended(state: status.state))
            hasEnded = true
        }
        return events
    }

    private mutating func begin(_ status: OperationStatus, _ events: inout [OperationEvent]) {
        guard !hasStarted else { return }
        hasStarted = true
        let names = status.result.map { result in
            status.targets.map { host in result.targets.first { $0.host == host }?.newName ?? status.vm }
        }
        events.append(
            .started(
                OperationStart(
                    id: status.id, kind: status.kind, vm: status.vm, source: status.source, targets: status.targets,
                    newNames: names ?? [], disks: status.progress?.targets.first?.disks ?? [])))
    }

    private mutating func finish(_ status: OperationStatus, _ events: inout [OperationEvent]) {
        for outcome in status.result?.targets ?? [] where ended.insert(outcome.host).inserted {
            events.append(.targetEnded(outcome))
        }
    }
}

extension OperationEvent {
    fileprivate var isStart: Bool { if case .started = self { true } else { false } }
    fileprivate var isWarning: Bool { if case .warning = self { true } else { false } }
}
