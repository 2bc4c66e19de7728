import Model
import Synchronization

/// Why running work has to stop. The first reason stays.
package final class StopSignal: Sendable {
    private struct State {
        var reason: KVMCloneError?
        var action: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    /// The reason; nil while nothing has asked for a stop.
    package var reason: KVMCloneError? { state.withLock { $0.reason } }

    /// Runs `action` when the signal is given, or at once if it was.
    package func onStop(_ action: @escaping @Sendable () -> Void) {
        let isStopped = state.withLock { state in
            state.action = action
            return state.reason != nil
        }
        if isStopped { action() }
    }

    package func stop(_ reason: KVMCloneError) {
        let action = state.withLock { state -> (@Sendable () -> Void)? in
            guard state.reason == nil else { return nil }
            state.reason = reason
            return state.action
        }
        action?()
    }
}

/// Runs `work` to its end even if the calling task is cancelled meanwhile, as roll-backs must.
package func shielded<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value {
    await Task { await work() }.value
}
