import Synchronization

/// A value that one thread sets and another takes.
final class Holder<Value: Sendable>: Sendable {
    private let state = Mutex<Value?>(nil)

    var value: Value? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

/// What several threads found.
final class Results: Sendable {
    private let state = Mutex<[Bool]>([])

    var all: [Bool] { state.withLock { $0 } }

    func add(_ result: Bool) { state.withLock { $0.append(result) } }
}
