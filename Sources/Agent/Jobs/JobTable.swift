import AgentProtocol
import DataPlane
import Model

/// What can be joined to a peer: a job at either end.
protocol JoinableJob: Sendable {
    /// The links that the job has in that part.
    func peers(as part: Joint.Part) throws(KVMCloneError) -> PeerTable
    /// Limits what is sent to a child, or to all.
    func setRate(_ rate: UInt64?, child: String?) throws(KVMCloneError)
    /// Ends all connections with a peer, as if they had broken.
    func drop(peer: String)
    /// Ends the job where it stands, and waits for that. What isn't complete is removed.
    func close() throws
    /// The same, but what can be gone on with stays. Answers how many bytes that are.
    func suspend(unpublishing: Bool) throws -> UInt64
}

/// The jobs of this agent, by their ids. An id is used once: a job that was closed stays closed, even if the request to
/// open it comes after the request to close it, as it can when the first was cancelled.
final class JobTable: Sendable {
    private struct State {
        var jobs: [HexBytes: any JoinableJob] = [:]
        var opening: Set<HexBytes> = []
        var closed: Set<HexBytes> = []
    }

    private let state = Gate(State())
    /// Where sources' digests are kept.
    private let digests: String

    init(digests: String) { self.digests = digests }

    func open(
        _ request: OpenSend, emit: @escaping @Sendable (AgentEvent) -> Void
    ) throws -> OpenSend.Response {
        try open(request.job) { try SendingJob(request, logs: digests, emit: emit) }.opened
    }

    func open(
        _ request: OpenReceive, emit: @escaping @Sendable (AgentEvent) -> Void
    ) throws -> OpenReceive.Response {
        try open(request.job) { try ReceivingJob(request, emit: emit) }.opened
    }

    func open(_ request: OpenComparison) throws -> OpenComparison.Response {
        try open(request.job) { try ComparisonJob(request) }.opened
    }

    func open(_ request: OpenRepair) throws -> OpenRepair.Response {
        let job = try find(request.job)
        return try open(request.repair) {
            switch job {
            case let job as SendingJob: try job.repair(request)
            case let job as ReceivingJob: try job.repair(request)
            default: throw Self.wrongKind
            }
        }.opened
    }

    func repairing(_ id: HexBytes) throws(KVMCloneError) -> RepairJob {
        guard let job = try find(id) as? RepairJob else { throw Self.wrongKind }
        return job
    }

    func setRate(_ request: SetRate) throws(KVMCloneError) {
        try find(request.job).setRate(request.rate, child: request.child)
    }

    func drop(_ request: DropPeer) throws(KVMCloneError) {
        try find(request.job).drop(peer: request.peer)
    }

    func joinable(_ id: HexBytes, as part: Joint.Part) throws(KVMCloneError) -> PeerTable {
        try find(id).peers(as: part)
    }

    func sending(_ id: HexBytes) throws(KVMCloneError) -> SendingJob {
        guard let job = try find(id) as? SendingJob else { throw Self.wrongKind }
        return job
    }

    func receiving(_ id: HexBytes) throws(KVMCloneError) -> ReceivingJob {
        guard let job = try find(id) as? ReceivingJob else { throw Self.wrongKind }
        return job
    }

    func comparing(_ id: HexBytes) throws(KVMCloneError) -> ComparisonJob {
        guard let job = try find(id) as? ComparisonJob else { throw Self.wrongKind }
        return job
    }

    /// Ends a job that is complete.
    func settle(_ id: HexBytes) throws {
        try receiving(id).settle()
        remove(id)
    }

    /// Ends a job. One that is being opened is waited for, so that nothing of it comes after the answer.
    func close(_ id: HexBytes) throws { try take(id).close() }

    /// Ends a job in the same way, and keeps what can be gone on with.
    func suspend(_ id: HexBytes) throws -> Suspend.Response {
        Suspend.Response(kept: try take(id).suspend(unpublishing: true))
    }

    private func take(_ id: HexBytes) throws -> any JoinableJob {
        let job = state.wait { state -> (any JoinableJob)?? in
            state.closed.insert(id)
            return state.opening.contains(id) ? nil : .some(state.jobs.removeValue(forKey: id))
        }
        guard let job = job ?? nil else { throw Self.unknown }
        return job
    }

    func suspendAll() {
        let all = state.update { state in
            defer { state.jobs = [:] }
            return Array(state.jobs.values)
        }
        for job in all {
            do { _ = try job.suspend(unpublishing: false) } catch { complain("a job can't be ended: \(error)") }
        }
    }

    func open<Job: JoinableJob>(_ id: HexBytes, _ make: () throws -> Job) throws -> Job {
        let refusal = state.update { state -> KVMCloneError? in
            if state.closed.contains(id) { return KVMCloneError(.cancelled, "the job was closed") }
            guard state.jobs[id] == nil, state.opening.insert(id).inserted else {
                return KVMCloneError(.validation, "the job exists already")
            }
            return nil
        }
        if let refusal { throw refusal }
        do {
            let job = try make()
            state.update { state in
                state.jobs[id] = job
                state.opening.remove(id)
            }
            return job
        } catch {
            state.update { _ = $0.opening.remove(id) }
            throw error
        }
    }

    private func remove(_ id: HexBytes) {
        state.update { $0.jobs[id] = nil }
    }

    func find(_ id: HexBytes) throws(KVMCloneError) -> any JoinableJob {
        guard let job = state.update({ $0.jobs[id] }) else { throw Self.unknown }
        return job
    }

    private static var unknown: KVMCloneError {
        KVMCloneError(.operationNotFound, "the agent doesn't know the job; it may have been started anew")
    }

    static var wrongKind: KVMCloneError {
        KVMCloneError(.validation, "the job runs in the other direction")
    }
}
