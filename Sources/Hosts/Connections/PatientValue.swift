import Model
import Synchronization

extension Task where Failure == Never {
    /// The task's value, or nil as soon as the waiting task is cancelled. The task itself goes on: others may wait
    /// for it too.
    func valueUnlessCancelled() async -> Success? {
        let waiter = Waiter<Success>()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiter.set(continuation)
                Task<Void, Never> { waiter.resume(await self.value) }
            }
        } onCancel: {
            waiter.resume(nil)
        }
    }
}

extension Task {
    /// The same for results; a cancelled wait is an error.
    func patientValue<Value: Sendable>(
        host: String
    ) async throws(KVMCloneError) -> Value where Success == Result<Value, KVMCloneError>, Failure == Never {
        guard let result = await valueUnlessCancelled() else {
            throw KVMCloneError(.cancelled, "cancelled", host: host)
        }
        return try result.get()
    }
}

/// A continuation that is resumed once, by whoever comes first.
private final class Waiter<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case waiting(CheckedContinuation<Value?, Never>)
        case resumed(Value?)
        case done
    }

    private let state = Mutex(State.empty)

    func set(_ continuation: CheckedContinuation<Value?, Never>) {
        let early = state.withLock { state -> Value?? in
            if case .resumed(let value) = state {
                state = .done
                return .some(value)
            }
            state = .waiting(continuation)
            return nil
        }
        if let early { continuation.resume(returning: early) }
    }

    func resume(_ value: Value?) {
        let continuation = state.withLock { state -> CheckedContinuation<Value?, Never>? in
            switch state {
            case .empty:
                state = .resumed(value)
                return nil
            case .waiting(let continuation):
                state = .done
                return continuation
            case .resumed, .done: return nil
            }
        }
        continuation?.resume(returning: value)
    }
}
