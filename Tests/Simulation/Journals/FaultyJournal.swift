import Coordinator
import Model
import Synchronization

/// A journal in memory that can't be written once.
package final class FaultyJournal: Journal {
    private struct State {
        var writes = 0
        var failing: Int?
        var last: Int?
        var death: (@Sendable () -> Void)?
    }

    package let memory = MemoryJournal()
    private let state = Mutex(State())

    package init() {}

    /// Which write fails, from 1; nil: none.
    package var failingWrite: Int? {
        get { state.withLock { $0.failing } }
        set { state.withLock { $0.failing = newValue } }
    }

    /// How many writes there were.
    package var writes: Int { state.withLock { $0.writes } }

    /// The process dies right after the write of that number, from 1: none comes after it, and `death` is called.
    package func die(after write: Int, _ death: @escaping @Sendable () -> Void) {
        state.withLock { ($0.last, $0.death) = (write, death) }
    }

    private func write() throws(KVMCloneError) {
        let (fails, death) = state.withLock { state in
            state.writes += 1
            let isOver = state.last.map { state.writes > $0 } ?? false
            return (isOver || state.writes == state.failing, state.writes == state.last ? state.death : nil)
        }
        death?()
        if fails { throw KVMCloneError(.general, "the journal can't be written, on purpose") }
    }

    package func begin(
        _ status: OperationStatus, request: CloneRequest?, owner: ProcessIdentity
    ) async throws(KVMCloneError) {
        try write()
        await memory.begin(status, request: request, owner: owner)
    }

    package func update(_ status: OperationStatus) async throws(KVMCloneError) {
        try write()
        await memory.update(status)
    }

    package func willDo(_ step: Step, operation: OperationID) async throws(KVMCloneError) -> Int {
        try write()
        return await memory.willDo(step, operation: operation)
    }

    package func forget(_ records: [Int], operation: OperationID) async throws(KVMCloneError) {
        try write()
        await memory.forget(records, operation: operation)
    }

    package func settle(
        _ records: [Int], host: String, leaving step: Step, operation: OperationID
    ) async throws(KVMCloneError) -> Int {
        try write()
        return await memory.settle(records, host: host, leaving: step, operation: operation)
    }

    package func takeOver(
        _ id: OperationID, request: CloneRequest, owner: ProcessIdentity
    ) async throws(KVMCloneError) -> Int {
        try write()
        return try await memory.takeOver(id, request: request, owner: owner)
    }

    package func requestStop(_ id: OperationID, _ ending: StopEnding) async throws(KVMCloneError) {
        try write()
        await memory.requestStop(id, ending)
    }

    package func settledTargets(of operation: OperationID) async throws(KVMCloneError) -> Set<String> {
        await memory.settledTargets(of: operation)
    }

    package func openSteps(of operation: OperationID) async throws(KVMCloneError) -> [StepRecord] {
        await memory.openSteps(of: operation)
    }

    package func operation(_ id: OperationID) async throws(KVMCloneError) -> OperationStatus? {
        await memory.operation(id)
    }

    package func operations(includingEnded: Bool) async throws(KVMCloneError) -> [OperationStatus] {
        await memory.operations(includingEnded: includingEnded)
    }

    package func owner(of operation: OperationID) async throws(KVMCloneError) -> ProcessIdentity? {
        await memory.owner(of: operation)
    }

    package func request(of operation: OperationID) async throws(KVMCloneError) -> CloneRequest? {
        await memory.request(of: operation)
    }

    package func requestedStop(of id: OperationID) async throws(KVMCloneError) -> StopEnding? {
        await memory.requestedStop(of: id)
    }

    package func remember(_ rate: ObservedRate) async throws(KVMCloneError) {
        try write()
        await memory.remember(rate)
    }

    package func observedRates(at time: Int) async throws(KVMCloneError) -> [ObservedRate] {
        await memory.observedRates(at: time)
    }
}
