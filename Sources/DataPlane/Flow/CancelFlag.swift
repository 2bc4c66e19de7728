import Synchronization

/// A flag that is set once, from any thread, and asked often.
final class CancelFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func set() { flag.store(true, ordering: .sequentiallyConsistent) }
}
