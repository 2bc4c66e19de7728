import AgentProtocol
import Synchronization

/// Hands the events of a host's agents on to whoever listens, across restarts of the agent. A listener that is slow
/// loses the oldest events, since the newest tell more.
final class EventHub: Sendable {
    private struct State {
        var listeners: [UInt64: AsyncStream<AgentEvent>.Continuation] = [:]
        var next: UInt64 = 0
        var isFinished = false
    }

    private let state = Mutex(State())

    /// A stream of its own for each caller.
    func stream() -> AsyncStream<AgentEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: AgentEvent.self, bufferingPolicy: .bufferingNewest(256))
        let id = state.withLock { state -> UInt64? in
            guard !state.isFinished else { return nil }
            state.next += 1
            state.listeners[state.next] = continuation
            return state.next
        }
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.listeners[id] = nil }
        }
        return stream
    }

    func send(_ event: AgentEvent) {
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.yield(event) }
    }

    func finish() {
        let listeners = state.withLock { state in
            state.isFinished = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }
}
