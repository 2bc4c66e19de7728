import Coordinator
import FoundationEssentials
import Model

extension CleanUpReport {
    /// What the operation's log says of the clean-up.
    var logEntries: [OperationLogEntry] {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        return entries.map { entry in
            var metadata = ["host": entry.step.host, "step": entry.step.step]
            entry.error.map { metadata["error"] = "\($0)" }
            return OperationLogEntry(
                time: now,
                content: .record(
                    level: entry.error == nil ? "info" : "error",
                    message: entry.error == nil ? "cleaned up: \(entry.step.undo)" : "not cleaned up",
                    metadata: metadata))
        }
    }
}
