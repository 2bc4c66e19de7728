import Model
import Synchronization

/// Why running work has to stop, and what becomes of it. The first reason stays; who asks later may still ask for what was
/// to be kept to be undone.
package final class StopSignal: Sendable {
    private struct State {
        var reason: KVMCloneError?
        var ending = StopEnding.undo
        var action: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    /// The reason; nil while nothing has asked for a stop.
    package var reason: KVMCloneError? { state.withLock { $0.reason } }

    /// What becomes of what isn't complete; nil while nothing has asked for a stop.
    package var ending: StopEnding? { state.withLock { $0.reason == nil ? nil : $0.ending } }

    /// Runs `action` when the signal is given, or at once if it was.
    package func onStop(_ action: @escaping @Sendable () -> Void) {
        let isStopped = state.withLock { state in
            state.action = action
            return state.reason != nil
        }
        if isStopped { action() }
    }

    package func stop(_ reason: KVMCloneError, _ ending: StopEnding = .undo) {
        let action = state.withLock { state -> (@Sendable () -> Void)? in
            guard state.reason == nil else {
                if ending == .undo { state.ending = .undo }
                return nil
            }
            state.reason = reason
            state.ending = ending
            return state.action
        }
        action?()
    }
}

/// Runs `work` to its end even if the calling task is cancelled meanwhile, as roll-backs must.
package func shielded<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value {
    await Task { await work() }.value
}
