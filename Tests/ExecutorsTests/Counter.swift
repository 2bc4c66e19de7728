import Synchronization

/// A number that several tasks and threads change.
final class Counter: Sendable {
    private let atomic = Atomic(0)
    private let peak = Atomic(0)

    var value: Int { atomic.load(ordering: .sequentiallyConsistent) }
    var highest: Int { peak.load(ordering: .sequentiallyConsistent) }

    func add(_ number: Int) {
        let value = atomic.add(number, ordering: .sequentiallyConsistent).newValue
        peak.max(value, ordering: .sequentiallyConsistent)
    }
}
