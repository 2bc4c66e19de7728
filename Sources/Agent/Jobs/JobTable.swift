import AgentProtocol
import Model
import Synchronization

/// What can be joined to a peer: a job at either end.
protocol JoinableJob: Sendable {
    var peers: PeerTable { get }
    /// Ends the job where it stands, and waits for that.
    func close() throws
}

/// The jobs of this agent, by their ids.
final class JobTable: Sendable {
    private let jobs = Mutex<[HexBytes: any JoinableJob]>([:])

    func open(
        _ request: OpenSend, emit: @escaping @Sendable (AgentEvent) -> Void
    ) throws -> OpenSend.Response {
        let job = try SendingJob(request, emit: emit)
        try add(job, as: request.job)
        return job.opened
    }

    func open(
        _ request: OpenReceive, emit: @escaping @Sendable (AgentEvent) -> Void
    ) throws -> OpenReceive.Response {
        let job = try ReceivingJob(request, emit: emit)
        try add(job, as: request.job)
        return job.opened
    }

    func joinable(_ id: HexBytes) throws(KVMCloneError) -> PeerTable {
        try find(id).peers
    }

    func sending(_ id: HexBytes) throws(KVMCloneError) -> SendingJob {
        guard let job = try find(id) as? SendingJob else { throw Self.wrongKind }
        return job
    }

    func receiving(_ id: HexBytes) throws(KVMCloneError) -> ReceivingJob {
        guard let job = try find(id) as? ReceivingJob else { throw Self.wrongKind }
        return job
    }

    /// Ends a job that is complete.
    func settle(_ id: HexBytes) throws {
        try receiving(id).settle()
        remove(id)
    }

    func close(_ id: HexBytes) throws {
        let job = try find(id)
        remove(id)
        try job.close()
    }

    func closeAll() {
        let all = jobs.withLock { jobs in
            defer { jobs = [:] }
            return Array(jobs.values)
        }
        for job in all {
            do { try job.close() } catch { complain("a job can't be ended: \(error)") }
        }
    }

    private func add(_ job: any JoinableJob, as id: HexBytes) throws {
        let isNew = jobs.withLock { jobs in
            guard jobs[id] == nil else { return false }
            jobs[id] = job
            return true
        }
        guard isNew else {
            try job.close()
            throw KVMCloneError(.validation, "the job exists already")
        }
    }

    private func remove(_ id: HexBytes) {
        jobs.withLock { $0[id] = nil }
    }

    private func find(_ id: HexBytes) throws(KVMCloneError) -> any JoinableJob {
        guard let job = jobs.withLock({ $0[id] }) else {
            throw KVMCloneError(.operationNotFound, "the agent doesn't know the job; it may have been started anew")
        }
        return job
    }

    private static var wrongKind: KVMCloneError {
        KVMCloneError(.validation, "the job runs in the other direction")
    }
}
