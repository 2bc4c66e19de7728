import Synchronization

/// The running children of one connection: counts them, and ends them with it.
final class ChildRegistry: Sendable {
    private struct State {
        var next = 0
        var running: [Int: ChildProcess] = [:]
        var starting = 0
        var isClosed = false
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    func start(
        _ launch: ChildProcess.Launch, host: String,
        classify: @escaping @Sendable (RemoteExit, ProcessRecord) -> RemoteExit = { status, _ in status }
    ) async throws(SSHError) -> RemoteProcess {
        if Task.isCancelled { throw .cancelled }
        try state.withLock { state throws(SSHError) in
            if state.isClosed { throw .lost(host: host, reason: "the connection is closed") }
            if state.running.count + state.starting >= limit {
                throw .channel(host: host, reason: "\(limit) commands run already")
            }
            state.starting += 1
        }
        let child: ChildProcess
        do {
            child = try await ChildProcess.start(launch, classify: classify)
        } catch {
            state.withLock { $0.starting -= 1 }
            throw error
        }
        let (id, closed) = state.withLock { state in
            state.starting -= 1
            state.next += 1
            state.running[state.next] = child
            return (state.next, state.isClosed)
        }
        child.record.observe { [self] _ in
            state.withLock { $0.running[id] = nil }
        }
        if closed { child.terminate() }
        return RemoteProcess(record: child.record) { child.terminate() }
    }

    func close() async {
        let running = state.withLock { state in
            state.isClosed = true
            return Array(state.running.values)
        }
        for child in running { child.terminate() }
        for child in running {
            await withCheckedContinuation { continuation in
                child.record.observe { _ in continuation.resume() }
            }
        }
    }
}
