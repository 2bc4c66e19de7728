import Synchronization

/// Bytes of each disk that are dealt with. Any thread adds, any thread reads.
final class DiskCounters: Sendable {
    private final class Counter: Sendable {
        let value = Atomic<UInt64>(0)
    }

    private let counters: [Counter]

    init(count: Int) {
        counters = (0..<count).map { _ in Counter() }
    }

    /// `disk` is the place in the job's list, not its index in frames.
    func add(_ bytes: UInt64, disk: Int) {
        counters[disk].value.add(bytes, ordering: .relaxed)
    }

    /// In the order of the job's list.
    var values: [UInt64] { counters.map { $0.value.load(ordering: .relaxed) } }
}
