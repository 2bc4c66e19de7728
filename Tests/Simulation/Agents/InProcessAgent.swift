import Agent
import AgentProtocol
import Executors
import Foundation
import Glibc
import Model
import Synchronization

/// The real agent on threads of this process, behind a socket pair, with a client for its control channel.
package final class InProcessAgent: Sendable {
    private typealias Waiter = CheckedContinuation<Result<Data, KVMCloneError>, Never>

    private struct State {
        var next: UInt64 = 1
        var waiters: [UInt64: Waiter] = [:]
        var end: KVMCloneError?
        var isServing = true
    }

    private let host: String
    private let channel: ControlChannel
    private let state = Mutex(State())

    /// Starts an agent that keeps its claims in `stateFolder`. `onEvent` is called on a thread of its own. `socketHome`: where
    /// sockets of tunnels lie; nil: where libvirt has QEMU's.
    package init(
        host: String, stateFolder: String, socketHome: String? = nil,
        onEvent: @escaping @Sendable (AgentEvent) -> Void = { _ in }
    ) throws {
        self.host = host
        let (near, far) = try ControlChannel.pair()
        channel = near
        try OSThread.start(name: "sim-agent") { [self] in
            far.withDescriptor {
                AgentServer(input: $0, output: $0, stateFolder: stateFolder, socketHome: socketHome).run()
            }
            far.close()
            state.withLock { $0.isServing = false }
        }
        try OSThread.start(name: "sim-link") { [self] in
            while let message = channel.read() { dispatch(message, onEvent) }
            fail(KVMCloneError(.connection, "the agent ended", host: host))
        }
    }

    /// False once the channel has ended.
    package var isAlive: Bool { state.withLock { $0.end == nil } }

    /// True until the agent has ended all that it held.
    package var isServing: Bool { state.withLock { $0.isServing } }

    /// Ends the channel, as a lost connection does.
    package func kill() {
        channel.shutDown()
    }

    /// Asks, and waits for the answer or the caller's cancellation.
    package func call<R: AgentRequest>(_ request: R) async throws(KVMCloneError) -> R.Response {
        let id = state.withLock { state in
            defer { state.next += 1 }
            return state.next
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: Waiter) in
                let end = state.withLock { state -> KVMCloneError? in
                    if Task.isCancelled { return KVMCloneError(.cancelled, "cancelled", host: host) }
                    if state.end == nil { state.waiters[id] = waiter }
                    return state.end
                }
                if let end { return waiter.resume(returning: .failure(end)) }
                // A request is smaller than the socket's buffer, and the agent reads at once: this doesn't block.
                if let message = try? JSONEncoder().encode(RequestEnvelope(id: id, body: request)) {
                    channel.write(message)
                }
            }
        } onCancel: {
            resume(id, .failure(KVMCloneError(.cancelled, "cancelled", host: host)))
        }
        let reply = try result.get()
        guard let envelope = try? JSONDecoder().decode(ReplyEnvelope<R.Response>.self, from: reply) else {
            throw KVMCloneError(.connection, "an answer that can't be read", host: host)
        }
        if let error = envelope.error { throw error.on(host) }
        guard let answer = envelope.ok else { throw KVMCloneError(.connection, "an empty answer", host: host) }
        return answer
    }

    private func dispatch(_ message: Data, _ onEvent: (AgentEvent) -> Void) {
        guard let head = try? JSONDecoder().decode(ReplyHead.self, from: message) else { return kill() }
        if let event = head.event { onEvent(event) }
        if let id = head.id { resume(id, .success(message)) }
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
        for waiter in waiters.values { waiter.resume(returning: .failure(error)) }
    }
}
