import Interface
import Model

/// Operations for people.
enum StatusText {
    static func table(_ statuses: [OperationStatus]) -> Table {
        var table = Table([
            .init("operation"), .init("kind"), .init("vm"), .init("source"), .init("targets"), .init("state"),
            .init("done", alignsRight: true), .init("created"), .init("completed", isWideOnly: true),
        ])
        for status in statuses {
            table.add([
                status.id.description, status.kind.rawValue, status.vm, status.source,
                status.targets.joined(separator: ","), status.state.rawValue, percent(status.progress),
                status.created, status.completed ?? "",
            ])
        }
        return table
    }

    /// Operations in any format.
    static func list(
        _ statuses: [OperationStatus], as format: OutputFormat, _ options: TableOptions
    ) throws(KVMCloneError) -> String {
        switch format {
        case .json, .yaml: try DocumentText.render(statuses.map(StatusDocument.init), as: format)
        case .name: statuses.map { "\($0.id)\n" }.joined()
        case .text, .wide: try table(statuses).render(options.table(for: format))
        }
    }

    /// One operation with its targets.
    static func detail(_ status: OperationStatus) -> String {
        var text = "\(status.kind.rawValue) \(status.id)  \(status.state.rawValue)\n"
        text += "  \(status.vm) from \(status.source), created \(status.created)"
        text += (status.completed.map { ", completed \($0)" } ?? "") + "\n"
        if let result = status.result {
            for target in result.targets {
                text += "  \(target.host)/\(target.newName)  \(outcome(target))\n"
            }
        } else if let progress = status.progress {
            for target in progress.targets {
                let share = percent(ProgressSnapshot(elapsed: progress.elapsed, targets: [target]))
                text += "  \(target.host)  \(target.phase.rawValue)  \(share)\n"
            }
        }
        if status.state == .interrupted {
            text += "  nobody works on it; go on: kvm-clone op resume \(status.id)\n"
            text += "  or undo what it left: kvm-clone op cleanup \(status.id)\n"
        }
        return text
    }

    /// How a target ended.
    static func outcome(_ target: TargetOutcome) -> String {
        if let error = target.error {
            let kept = target.kept.map { $0 > 0 ? "  \(ByteCount.format($0)) kept" : "  what is there is kept" } ?? ""
            return "[\(error.code.rawValue)] \(error.message)\(kept)"
        }
        let verified = target.verified ? " verified" : ""
        let size = ByteCount.format(target.logicalBytes)
        return "complete  \(size) in \(DurationText.span(target.seconds))\(verified)"
    }

    /// Rounded down, so that 100 means all.
    private static func percent(_ progress: ProgressSnapshot?) -> String {
        progress.map { "\(Int($0.fraction * 100))%" } ?? ""
    }
}
