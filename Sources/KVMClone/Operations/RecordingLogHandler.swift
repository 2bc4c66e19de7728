import Logging
import Model
import Synchronization

/// Where log records go whose metadata names an operation that this process runs.
final class RecorderTable: Sendable {
    private let recorders = Mutex<[String: OperationRecorder]>([:])

    subscript(_ id: String) -> OperationRecorder? { recorders.withLock { $0[id] } }

    func set(_ recorder: OperationRecorder?, for id: OperationID) {
        recorders.withLock { $0[id.description] = recorder }
    }
}

/// Passes records on to another handler, and keeps those of operations, from debugging on whatever the other's level.
struct RecordingLogHandler: LogHandler {
    private var next: any LogHandler
    private var nextLevel: Logger.Level
    private let recorders: RecorderTable

    init(_ next: any LogHandler, recorders: RecorderTable) {
        self.next = next
        self.recorders = recorders
        nextLevel = next.logLevel
        logLevel = min(nextLevel, .debug)
    }

    /// The least severe level that is kept or passed on.
    var logLevel: Logger.Level {
        didSet { nextLevel = logLevel }
    }

    var metadata: Logger.Metadata {
        get { next.metadata }
        set { next.metadata = newValue }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { next.metadataProvider }
        set { next.metadataProvider = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { next[metadataKey: key] }
        set { next[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        if event.level >= nextLevel { next.log(event: event) }
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        guard let operation = all["operation"], let recorder = recorders[operation.description] else { return }
        recorder.add(
            level: event.level, message: event.message.description, metadata: all.mapValues(\.description))
    }
}

extension Logger {
    /// The same logger, whose records about operations are kept as well.
    func recording(in recorders: RecorderTable) -> Logger {
        let handler = handler
        return Logger(label: label) { _ in RecordingLogHandler(handler, recorders: recorders) }
    }
}
