import AgentProtocol
import Executors
import FoundationEssentials
import Glibc
import Model
import SSH
import Synchronization

/// The control channel to one running agent: requests go out, answers and events come in.
///
/// A thread of its own reads, another writes; callers never block a thread. When the channel ends, every waiting
/// call fails with the reason.
final class AgentLink: Sendable {
    private typealias Waiter = CheckedContinuation<Result<Data, KVMCloneError>, Never>

    private struct State {
        var nextID: UInt64 = 1
        var waiters: [UInt64: Waiter] = [:]
        /// Why the channel has ended.
        var end: KVMCloneError?
    }

    let host: String
    private let process: RemoteProcess
    private let socket: LinkSocket
    private let writer: LinkWriter
    private let state = Mutex(State())
    private let onEvent: @Sendable (AgentEvent) -> Void

    /// Takes the process' socket and starts to read. `onEvent` is called on the reading thread.
    init(
        host: String, process: RemoteProcess, onEvent: @escaping @Sendable (AgentEvent) -> Void
    ) throws(KVMCloneError) {
        guard let descriptor = process.takeSocket() else {
            throw KVMCloneError(.connection, "the agent has no channel", host: host)
        }
        self.host = host
        self.process = process
        self.onEvent = onEvent
        socket = LinkSocket(descriptor)
        do {
            writer = LinkWriter(socket: socket, executor: try ThreadExecutor(name: "kc-link-write"))
            try OSThread.start(name: "kc-link-read") { [self] in read() }
        } catch {
            throw KVMCloneError(.general, "no thread for the agent's channel", host: host, cause: "\(error)")
        }
    }

    /// True until the channel has ended.
    var isAlive: Bool { state.withLock { $0.end == nil } }

    /// True while somebody waits for an answer.
    var isAsked: Bool { state.withLock { !$0.waiters.isEmpty } }

    /// Says hello. An agent that hasn't answered after `seconds` is given up: the channel ends.
    func greet(within seconds: Int) async throws(KVMCloneError) -> Hello.Response {
        let alarm = Task {
            try await Task.sleep(for: .seconds(seconds))
            fail(ended("the agent hasn't answered within \(seconds) s"))
        }
        defer { alarm.cancel() }
        return try await call(Hello())
    }

    /// Asks, and waits for the answer. A cancelled caller stops waiting at once; the agent may still act.
    func call<R: AgentRequest>(_ request: R) async throws(KVMCloneError) -> R.Response {
        let id = state.withLock { state in
            defer { state.nextID += 1 }
            return state.nextID
        }
        let message: Data
        do {
            message = try JSONEncoder().encode(RequestEnvelope(id: id, body: request))
        } catch {
            throw KVMCloneError(.general, "a request can't be encoded", host: host, cause: "\(error)")
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: Waiter) in
                let end = state.withLock { state -> KVMCloneError? in
                    if Task.isCancelled { return KVMCloneError(.cancelled, "cancelled", host: host) }
                    if state.end == nil { state.waiters[id] = waiter }
                    return state.end
                }
                if let end {
                    waiter.resume(returning: .failure(end))
                } else {
                    Task { [writer] in await writer.write(message) }
                }
            }
        } onCancel: {
            resume(id, .failure(KVMCloneError(.cancelled, "cancelled", host: host)))
        }
        return try decode(R.self, try result.get())
    }

    /// Ends the channel, which ends the agent.
    func close() async {
        fail(KVMCloneError(.connection, "the agent's channel was closed", host: host))
        // It ends with its channel. One that doesn't is ended.
        let patience = Task {
            try await Task.sleep(for: .seconds(10))
            process.terminate()
        }
        defer { patience.cancel() }
        _ = await process.waitForExit()
    }

    /// Ends the channel without waiting for the agent, which may hang: whoever waits for an answer gets `reason`.
    func abandon(_ reason: KVMCloneError) {
        fail(reason)
        process.terminate()
    }

    private func decode<R: AgentRequest>(_: R.Type, _ reply: Data) throws(KVMCloneError) -> R.Response {
        let envelope: ReplyEnvelope<R.Response>
        do {
            envelope = try JSONDecoder().decode(ReplyEnvelope<R.Response>.self, from: reply)
        } catch {
            throw KVMCloneError(
                .connection, "the agent's answer to \(R.name) can't be understood", host: host, cause: "\(error)")
        }
        if let error = envelope.error { throw error.on(host) }
        guard let answer = envelope.ok else {
            throw KVMCloneError(.connection, "the agent's answer to \(R.name) is empty", host: host)
        }
        return answer
    }

    /// Runs on the reading thread until the channel ends.
    private func read() {
        do throws(ControlFrameError) {
            while let message = try socket.readMessage() { try dispatch(message) }
            fail(ended("the agent ended"))
        } catch {
            fail(ended("the agent's channel broke: \(error)"))
        }
    }

    private func dispatch(_ message: Data) throws(ControlFrameError) {
        let head: ReplyHead
        do {
            head = try JSONDecoder().decode(ReplyHead.self, from: message)
        } catch {
            throw .malformed("\(error)")
        }
        if let event = head.event {
            onEvent(event)
        } else if let id = head.id {
            resume(id, .success(message))
        } else {
            throw .malformed("neither an answer nor an event")
        }
    }

    private func ended(_ what: String) -> KVMCloneError {
        let words = process.standardError.split(separator: "\n").suffix(5).joined(separator: "; ")
        return KVMCloneError(
            .connection, what, host: host, cause: words.isEmpty ? nil : words,
            whatToDo: "try again; `kvm-clone doctor \(host)` looks at the host")
    }

    private func resume(_ id: UInt64, _ result: Result<Data, KVMCloneError>) {
        state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(returning: result)
    }

    private func fail(_ error: KVMCloneError) {
        let waiters = state.withLock { state in
            state.end = state.end ?? error
            defer { state.waiters = [:] }
            return state.waiters
        }
        socket.shutDown()
        for waiter in waiters.values { waiter.resume(returning: .failure(error)) }
    }
}
