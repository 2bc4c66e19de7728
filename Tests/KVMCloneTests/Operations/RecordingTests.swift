import Coordinator
import Logging
import Model
import Simulation
import Store
import Synchronization
import Testing

@testable import KVMClone

/// What an operation's own process writes of its course.
@Suite struct RecordingTests {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private struct ListHandler: LogHandler {
        var lines: Lines
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            lines.all.withLock { $0.append("\(event.message) \(metadata.count)") }
        }
    }

    private func recorded(
        _ body: (Logger, OperationRecorder, OperationID) -> Void
    ) async throws -> (entries: [OperationLogEntry], lines: [String]) {
        let folder = try TemporaryFolder()
        let store = try OperationStore(folder: folder.path)
        let id = OperationID()
        try await store.begin(
            OperationStatus(
                id: id, kind: .clone, vm: "v", source: "a", targets: ["b"], state: .running, progress: nil,
                result: nil, created: "", started: nil, completed: nil), owner: .current)
        let (table, recorder, lines) = (RecorderTable(), OperationRecorder(id, store: store), Lines())
        table.set(recorder, for: id)
        let running = Task { await recorder.run() }
        body(Logger(label: "t") { _ in ListHandler(lines: lines) }.recording(in: table), recorder, id)
        running.cancel()
        #expect(await running.value == nil)
        return (try await store.log(of: id, limit: 10_000), lines.all.withLock { $0 })
    }

    @Test("records of the operation are kept, debugging too; the other handler gets what it asked for")
    func records() async throws {
        let (entries, lines) = try await recorded { logger, _, id in
            var own = logger
            own[metadataKey: "operation"] = "\(id)"
            own.debug("details", metadata: ["host": "b"])
            own.info("news")
            own.trace("too fine")
            logger.info("nobody's")
            logger.info("another's", metadata: ["operation": "\(OperationID())"])
        }
        #expect(
            entries.map(\.content) == [
                .record(level: "debug", message: "details", metadata: ["host": "b"]),
                .record(level: "info", message: "news", metadata: [:]),
            ])
        #expect(lines == ["news 1", "nobody's 0", "another's 0"])
        #expect(entries.allSatisfy { $0.time > 0 })
    }

    @Test("events are kept, progress isn't")
    func events() async throws {
        let (entries, _) = try await recorded { _, recorder, _ in
            recorder.add(.progress(ProgressSnapshot(elapsed: 1, targets: [])))
            recorder.add(.ended(state: .completed))
        }
        #expect(entries.map(\.content) == [.event(.ended(state: .completed))])
    }

    @Test("a flood is cut and counted, and long texts are cut")
    func flood() async throws {
        let (entries, _) = try await recorded { _, recorder, _ in
            for _ in 0..<3000 {
                recorder.add(level: .info, message: String(repeating: "x", count: 5000), metadata: [:])
            }
        }
        #expect(entries.count < 2500 && entries.count > 1000)
        let messages = entries.compactMap { entry -> String? in
            guard case .record(_, let message, _) = entry.content else { return nil }
            return message
        }
        #expect(messages.contains { $0.hasSuffix("entries were dropped, they came too fast") })
        #expect(messages.allSatisfy { $0.count <= 2001 })
    }
}
