import FoundationEssentials
import Logging

/// Where log records go: standard error by way of the console, and a file if there is one.
public final class LogSink: Sendable {
    let console: Console
    let format: LogFormat
    let file: RotatingFile?

    /// A sink. Records in the file have `format` as well, except that the journal's format is text there.
    public init(console: Console, format: LogFormat, file: RotatingFile? = nil) {
        self.console = console
        self.format = format
        self.file = file
    }

    func write(_ level: Logger.Level, _ message: String, _ metadata: [(key: String, value: String)], label: String) {
        let now = Date()
        console.print(format.line(level, message, metadata, label: label, now: now))
        guard let file else { return }
        let fileFormat = format == .journald ? LogFormat.text : format
        let text = fileFormat.line(level, message, metadata, label: label, now: now)
        console.perform {
            if let trouble = file.append(text) {
                self.console.print("kvm-clone: \(trouble)\n")
            }
        }
    }
}
