import Coordinator
import Model
import Store

/// The operations of a user, whichever process runs them: how they stand, what they logged, waiting for their end,
/// asking them to stop. It needs no topology, and connects to no host.
///
/// Operations that have ended are kept for 30 days, the newest 200 for longer, and never more than 1,000 of them. One
/// with steps that were not undone stays.
public struct OperationRegistry: Sendable {
    /// Entries of a log that are read at once.
    static let batch = 500

    let store: OperationStore

    /// Opens the store in a state folder; blocks.
    public init(stateFolder: String = ClientOptions().stateFolder) throws(KVMCloneError) {
        store = try OperationStore(folder: stateFolder)
    }

    init(store: OperationStore) { self.store = store }

    /// Operations, newest first. Those that have not ended include interrupted ones.
    public func operations(includingEnded: Bool = true) async throws(KVMCloneError) -> [OperationStatus] {
        try await store.entries(includingEnded: includingEnded).map(\.current)
    }

    /// Where an operation stands.
    public func operation(_ id: OperationID) async throws(KVMCloneError) -> OperationStatus {
        try await entry(id).current
    }

    /// The operation whose id begins with `prefix`, in either case. Throws when there is none or more than one.
    public func id(startingWith prefix: String) async throws(KVMCloneError) -> OperationID {
        let upper = prefix.uppercased()
        // Digits before it make a prefix whole, so that the id's own rule decides about its characters.
        guard (1...10).contains(upper.count),
            OperationID(String(repeating: "0", count: 10 - upper.count) + upper) != nil
        else {
            throw KVMCloneError(
                .validation, "'\(Validation.printable(prefix))' is not an operation's id",
                whatToDo: "use one that `kvm-clone status --all` shows", field: "operation_id")
        }
        let found = try await store.ids(startingWith: upper, limit: 6)
        guard let first = found.first else { throw .unknownOperation(upper.count < 10 ? "\(upper)…" : upper) }
        guard found.count == 1 else {
            let shown = found.prefix(5).map(\.description).joined(separator: ", ")
            throw KVMCloneError(
                .validation, "more than one operation's id begins with '\(upper)'",
                cause: shown + (found.count > 5 ? ", …" : ""), whatToDo: "write more of it", field: "operation_id")
        }
        return first
    }

    /// All that is known of an operation.
    public func details(_ id: OperationID) async throws(KVMCloneError) -> OperationDetails {
        let entry = try await entry(id)
        let steps = try await store.openSteps(of: id).map { OpenStep($0.step) }
        return OperationDetails(
            entry, request: try await store.request(of: id), openSteps: steps,
            outcomes: try await outcomes(of: entry.status))
    }

    /// Entries of an operation's log after the one with that number, oldest first, some hundred at a time; empty when
    /// there are no more yet.
    public func log(
        of id: OperationID, after number: Int = 0
    ) async throws(KVMCloneError) -> [OperationLogEntry] {
        try await store.log(of: id, after: number, limit: Self.batch)
    }

    /// Asks an operation to stop, whichever process runs it; that looks once a second. False when it has ended
    /// already. Throws when nobody works on it.
    public func requestStop(
        _ id: OperationID, _ ending: StopEnding = .undo
    ) async throws(KVMCloneError) -> Bool {
        let status = try await operation(id)
        if status.state == .interrupted { throw .interruptedOperation(id) }
        guard status.state.isActive else { return false }
        try await store.requestStop(id, ending)
        return true
    }

    /// The operations that `Client.cleanUpFailedOperations` takes up by itself, with what it would undo.
    public func failedOperations() async throws(KVMCloneError) -> [OperationDetails] {
        var found: [OperationDetails] = []
        for id in try await store.operationsToRecover() { found.append(try await details(id)) }
        return found
    }

    func entry(_ id: OperationID) async throws(KVMCloneError) -> OperationEntry {
        guard let entry = try await store.entry(id) else { throw .unknownOperation(id.description) }
        return entry
    }

    /// How targets have ended so far.
    private func outcomes(of status: OperationStatus) async throws(KVMCloneError) -> [TargetOutcome] {
        if let result = status.result { return result.targets }
        var outcomes: [TargetOutcome] = []
        var last = 0
        while true {
            let entries = try await log(of: status.id, after: last)
            guard let newest = entries.last else { return outcomes }
            last = newest.number
            for case .event(let event) in entries.map(\.content) {
                switch event {
                // Another run begins: only what is complete stays as it was.
                case .started: outcomes.removeAll { $0.error != nil }
                case .targetEnded(let outcome): outcomes.append(outcome)
                case .phase, .progress, .warning, .ended: break
                }
            }
        }
    }
}

extension OperationEntry {
    /// The status as it is now: a process that died could not write that down.
    var current: OperationStatus {
        guard status.state.isActive, !owner.isAlive else { return status }
        var status = status
        status.state = .interrupted
        return status
    }
}

extension KVMCloneError {
    static func unknownOperation(_ id: String) -> KVMCloneError {
        KVMCloneError(
            .operationNotFound, "there is no operation \(id)", whatToDo: "see all of them: kvm-clone op list --all",
            field: "operation_id")
    }

    /// Nobody works on the operation any more; says what to do about what it left.
    public static func interruptedOperation(_ id: OperationID) -> KVMCloneError {
        KVMCloneError(
            .clone, "operation \(id) is interrupted: nobody works on it",
            whatToDo:
                "go on where it stood: kvm-clone op resume \(id)\nor undo what it left: kvm-clone op cleanup \(id)",
            exitCode: .tryAgain)
    }
}
