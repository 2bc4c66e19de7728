import Coordinator
import FoundationEssentials
import Logging
import Model
import Store
import Synchronization

/// Writes one operation's log to the store while it runs, a few times a second. Whoever adds to it isn't kept waiting.
final class OperationRecorder: Sendable {
    /// Entries that may wait; more are dropped and counted.
    private static let mostWaiting = 2000
    /// Characters of one text; what is longer is cut.
    private static let mostCharacters = 2000

    private struct State {
        var waiting: [OperationLogEntry] = []
        var dropped = 0
    }

    private let id: OperationID
    private let store: OperationStore
    private let state = Mutex(State())

    init(_ id: OperationID, store: OperationStore) {
        self.id = id
        self.store = store
    }

    /// Adds an event. Progress isn't kept; where it stands is in the operation's status.
    func add(_ event: OperationEvent) {
        if case .progress = event { return }
        add(.event(event))
    }

    func add(level: Logger.Level, message: String, metadata: [String: String]) {
        add(
            .record(
                level: level.rawValue, message: Self.cut(message),
                metadata: metadata.filter { $0.key != "operation" }.mapValues(Self.cut)))
    }

    /// Writes what is added until the task is cancelled, and then the rest. Returns what went wrong, if anything did.
    func run() async -> KVMCloneError? {
        var failure: KVMCloneError?
        while true {
            // Cancelled, the sleep ends at once; then what is there is all.
            try? await Task.sleep(for: .milliseconds(250))
            let isLast = Task.isCancelled
            do throws(KVMCloneError) {
                try await write()
            } catch {
                failure = error
            }
            if isLast { return failure }
        }
    }

    private func add(_ content: OperationLogEntry.Content) {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        state.withLock { state in
            guard state.waiting.count < Self.mostWaiting else {
                state.dropped += 1
                return
            }
            state.waiting.append(OperationLogEntry(time: now, content: content))
        }
    }

    private func write() async throws(KVMCloneError) {
        let (entries, dropped) = state.withLock { state in
            defer { state = State() }
            return (state.waiting, state.dropped)
        }
        guard let last = entries.last else { return }
        var all = entries
        if dropped > 0 {
            let message = "\(dropped) entries were dropped, they came too fast"
            all.append(
                OperationLogEntry(
                    time: last.time, content: .record(level: "warning", message: message, metadata: [:])))
        }
        // A write that is cancelled would be lost.
        let written = await shielded { [store, id, all] () -> KVMCloneError? in
            do throws(KVMCloneError) { try await store.append(all, to: id) } catch { return error }
            return nil
        }
        if let written { throw written }
    }

    private static func cut(_ text: String) -> String {
        text.count > mostCharacters ? text.prefix(mostCharacters) + "…" : text
    }
}
