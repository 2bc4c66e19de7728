import Synchronization

/// Makes what a receive job has written durable, in groups: flushes the sinks, writes their journals, and only then passes
/// the units on to be read back.
///
/// A group is due when `batch` bytes of data have come since the last one, or after `interval`.
final class GroupCommit: Sendable {
    /// Ranges after which a group is due as well, which bounds what waits.
    private static let mostRanges = 4096

    struct Disk: Sendable {
        var index: UInt32
        var sink: any DiskSink
        var journal: ResumeJournal?
    }

    private let batch: UInt64
    /// Nanoseconds.
    private let interval: UInt64
    private let disks: [UInt32: Disk]
    private let verifier: RollingVerifier?
    private let state = Gate(State())

    private struct State: Sendable {
        var written: [(disk: UInt32, range: Range<UInt64>)] = []
        var data: UInt64 = 0
        var committedData: UInt64 = 0
        /// When the oldest of `written` came.
        var since: UInt64?
        var isLast = false
        var failure: TransferError?
        var thread: WorkerThread?
    }

    init(_ disks: [Disk], verifier: RollingVerifier?, options: ReceiveOptions) {
        batch = options.commitBytes
        interval = UInt64(max(0, options.commitInterval) * 1e9)
        self.disks = Dictionary(disks.map { ($0.index, $0) }) { first, _ in first }
        self.verifier = verifier
    }

    /// - Parameter onFailure: called once, from this object's thread, when something can't be made durable.
    func start(onFailure: @escaping @Sendable (TransferError) -> Void) throws(TransferError) {
        do {
            let thread = try WorkerThread(name: "kc-commit") { [self] in
                do throws(TransferError) { while let group = nextGroup() { try commit(group) } } catch {
                    onFailure(error)
                }
            }
            state.update { $0.thread = thread }
        } catch {
            throw TransferError(.resources, error.description, underlying: error)
        }
    }

    /// Takes units that are written, from whichever thread wrote the last of them.
    /// - Parameter data: bytes of data that all disks have got so far.
    func add(disk: UInt32, _ range: Range<UInt64>, data: UInt64) {
        state.update { state in
            state.written.append((disk, range))
            state.data = max(state.data, data)
            if state.since == nil { state.since = monotonicNanoseconds() }
        }
    }

    /// Makes all that was added durable, from any thread, and ends the work of this object's own. Blocks.
    func finish() throws(TransferError) {
        let thread = state.update { state in
            state.isLast = true
            defer { state.thread = nil }
            return state.thread
        }
        thread?.join()
        // Where it had no thread.
        while let group = nextGroup() { try commit(group) }
        if let failure = state.update({ $0.failure }) { throw failure }
    }

    private enum Step {
        case commit([(disk: UInt32, range: Range<UInt64>)])
        case again
        case stop
    }

    /// Waits until a group is due; nil at the end.
    private func nextGroup() -> [(disk: UInt32, range: Range<UInt64>)]? {
        while true {
            let deadline = state.update { $0.since.map { $0 + interval } }
            let step = state.wait(until: deadline) { state -> Step? in
                if state.failure != nil || state.isLast && state.written.isEmpty { return .stop }
                if isDue(state) {
                    defer { state.written = [] }
                    state.since = nil
                    state.committedData = state.data
                    return .commit(state.written)
                }
                // The first of a group has come: from now on there is a time until which it may wait.
                return deadline == nil && state.since != nil ? .again : nil
            }
            switch step {
            case .commit(let group): return group
            case .stop: return nil
            case .again, nil: continue
            }
        }
    }

    private func isDue(_ state: State) -> Bool {
        guard !state.written.isEmpty else { return false }
        return state.isLast || state.data - state.committedData >= batch || state.written.count >= Self.mostRanges
            || state.since.map { monotonicNanoseconds() >= $0 + interval } ?? false
    }

    private func commit(_ group: [(disk: UInt32, range: Range<UInt64>)]) throws(TransferError) {
        for (index, ranges) in Dictionary(grouping: group, by: \.disk) {
            guard let disk = disks[index] else { continue }
            do {
                try disk.sink.flush()
                try disk.journal?.append(ranges.map(\.range))
            } catch {
                let failure = TransferError.sink(index, error)
                state.update { $0.failure = failure }
                throw failure
            }
            let data = state.update { $0.data }
            for (_, range) in ranges { verifier?.add(disk: index, range, data: data) }
        }
    }
}
