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

    /// One operation with its targets.
    static func detail(_ status: OperationStatus) -> String {
        var text = "\(status.kind.rawValue) \(status.id)  \(status.state.rawValue)\n"
        text += "  \(status.vm) from \(status.source), created \(status.created)"
        text += (status.completed.map { ", completed \($0)" } ?? "") + "\n"
        if let result = status.result {
            for target in result.targets {
                let end = target.error.map { "[\($0.code.rawValue)] \($0.message)" }
                let size = ByteCount.format(target.logicalBytes)
                let verified = target.verified ? " verified" : ""
                text += "  \(target.host)/\(target.newName)  "
                text += (end ?? "complete  \(size) in \(DurationText.span(target.seconds))\(verified)") + "\n"
            }
        } else if let progress = status.progress {
            for target in progress.targets {
                let share = percent(ProgressSnapshot(elapsed: progress.elapsed, targets: [target]))
                text += "  \(target.host)  \(target.phase.rawValue)  \(share)\n"
            }
        }
        return text
    }

    /// Rounded down, so that 100 means all.
    private static func percent(_ progress: ProgressSnapshot?) -> String {
        progress.map { "\(Int($0.fraction * 100))%" } ?? ""
    }
}
