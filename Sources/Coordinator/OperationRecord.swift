import FoundationEssentials
import Model

/// Writes an operation's beginning and end to the journal.
struct OperationRecord: Sendable {
    let id: OperationID
    let request: CloneRequest
    let journal: any Journal

    func begin() async throws(KVMCloneError) {
        let now = Timestamp.now
        try await journal.begin(
            OperationStatus(
                id: id, kind: request.kind, vm: request.vm, source: request.source, targets: request.targets,
                state: .running, progress: nil, result: nil, created: now, started: now, completed: nil),
            request: request, owner: .current)
    }

    func end(_ result: OperationResult) async throws(KVMCloneError) {
        guard var status = try await journal.operation(id) else { return }
        status.state = result.state
        status.result = result
        status.completed = result.state.isFinal ? Timestamp.now : nil
        try await journal.update(status)
    }

    /// Another run of the operation could not begin: it stands as before, with the `result` that it had.
    func leave(_ result: OperationResult?) async throws(KVMCloneError) {
        guard var status = try await journal.operation(id) else { return }
        status.state = .interrupted
        status.result = result
        try await journal.update(status)
    }
}

/// Points in time as documents give them.
public enum Timestamp {
    /// Now, ISO 8601 in UTC with seconds.
    public static var now: String { string(from: Date()) }

    /// A point in time given in milliseconds since 1970, ISO 8601 in UTC with seconds.
    public static func string(milliseconds: Int64) -> String {
        string(from: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
    }

    /// `date`, ISO 8601 in UTC with seconds.
    public static func string(from date: Date) -> String {
        date.formatted(.iso8601)
    }
}
