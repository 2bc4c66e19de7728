import Model

/// Says an event in one line, for logs and pipes.
enum EventMessage {
    static func of(_ event: OperationEvent, start: OperationStart?) -> String {
        Validation.harmless(text(of: event, start: start))
    }

    private static func text(of event: OperationEvent, start: OperationStart?) -> String {
        switch event {
        case .started(let start):
            if let pass = start.pass, pass > 1 {
                return start.disks.isEmpty ? "\(start.vm) moves live" : "copy \(pass) of \(start.vm)"
            }
            return
                "\(start.kind.rawValue) of \(start.vm) from \(start.source) to \(start.targets.joined(separator: ", "))"
        case .phase(let host, let phase, let detail):
            return "\(host): \(phase.words)" + (detail.map { ", \($0)" } ?? "")
        case .progress(let snapshot): return snapshot.targets.map(target).joined(separator: "; ")
        case .warning(let host, let message): return (host.map { "\($0): " } ?? "") + "warning: \(message)"
        case .targetEnded(let outcome): return ended(outcome, start?.kind)
        case .ended(let state): return "\(start?.kind.rawValue ?? "operation") \(state.rawValue)"
        }
    }

    static func target(_ target: TargetProgress) -> String {
        let isReading = target.phase == .verifying || target.phase == .comparing
        let isMoving = target.phase == .copying || target.phase == .moving
        guard !target.disks.isEmpty, isMoving || isReading else {
            return "\(target.host): \(target.phase.words)"
        }
        let share = target.share
        return "\(target.host): \(isReading ? "\(target.phase.words) " : "")\(Figures.percent(share))% "
            + "\(Figures.fraction(share.moved, of: share.expected)) \(Figures.rate(target.rate))"
    }

    private static func ended(_ outcome: TargetOutcome, _ kind: OperationKind?) -> String {
        let changed = kind == .sync ? " changed" : ""
        if let error = outcome.error {
            let place = error.host.map { $0 == outcome.host ? "" : "\($0): " } ?? ""
            let kept = outcome.kept.map { $0 > 0 ? ", \(ByteCount.format($0)) kept" : ", what is there is kept" } ?? ""
            let verb = outcome.kept == nil ? "failed" : "interrupted"
            return "\(outcome.host): \(verb): [\(error.code.rawValue)] \(place)\(error.message)\(kept)"
        }
        let verified = outcome.verified ? ", verified" : ""
        let path = outcome.path.map { ", \($0.rawValue)" } ?? ""
        let end = kind == .migrate ? "has moved" : "is complete"
        return
            "\(outcome.host): \(outcome.newName) \(end), \(ByteCount.format(outcome.logicalBytes))\(changed) in "
            + "\(Figures.span(outcome.seconds))\(verified)\(path)"
    }
}
