import CLinux
import Synchronization

/// Reads a job's disks back while they are still being received, and computes their roots.
///
/// Units that are written wait until `batch` bytes of data have come since the last flush. Then their sinks are
/// flushed, opened for reading back, and the units are read and hashed. So everything that is verified was flushed
/// first, and in the end everything is flushed.
final class RollingVerifier: Sendable {
    /// Bytes of data after which sinks are flushed.
    private static let batch: UInt64 = 256 << 20
    /// Ranges after which they are as well, which bounds what waits.
    private static let mostRanges = 4096

    private let indexes: [UInt32]
    private let places: [UInt32: Int]
    private let sinks: [any DiskSink]
    private let roots: RootHasher
    private let pool: BufferPool
    private let threads: Int
    private let counter: ReadBackCounter
    private let cancelled = Atomic<Bool>(false)
    private let areDisksBusy: (@Sendable () -> Bool)?
    private let state = Gate(State())

    private struct State: Sendable {
        /// Units that are written and not flushed, by the disk's place.
        var written: [(disk: Int, range: Range<UInt64>)] = []
        /// Bytes of data that had come at the last flush, and have now.
        var flushedData: UInt64 = 0
        var data: UInt64 = 0

        /// Whether a flush is due; while disks are busy only where the list would grow too long.
        func isBatchFull(_ areDisksBusy: () -> Bool) -> Bool {
            written.count >= mostRanges || data - flushedData >= batch && !areDisksBusy()
        }
        /// Flushed units that are being read.
        var queue: WorkQueue?
        /// Where their bytes come from.
        var reading: [any ReadBackSource] = []
        var isFlushing = false
        /// True when nothing more will be added.
        var isLast = false
        var workers: [WorkerThread] = []
        var failure: TransferError?
        var times = StageTimes()
        /// The worst that sources which aren't read any more came from.
        var medium = ReadBackMedium.direct
        var onFailure: (@Sendable (TransferError) -> Void)?

        mutating func noteMedium() {
            if reading.contains(where: { $0.medium == .cache }) { medium = .cache }
            reading = []
        }
    }

    private enum Step {
        case read(WorkQueue)
        case flush([(disk: Int, range: Range<UInt64>)])
        case stop
    }

    /// `areDisksBusy`: whether reading would slow down what is being received; it waits for the end of that then.
    init(
        disks: [(index: UInt32, sink: any DiskSink)], threads: Int, areDisksBusy: (@Sendable () -> Bool)? = nil
    ) throws {
        self.areDisksBusy = areDisksBusy
        indexes = disks.map(\.index)
        sinks = disks.map(\.sink)
        counter = ReadBackCounter(disks: disks.count)
        places = Dictionary(uniqueKeysWithValues: indexes.enumerated().map { ($0.element, $0.offset) })
        roots = try RootHasher(sizes: sinks.map(\.size))
        self.threads = min(max(1, threads), 64)
        pool = try BufferPool(count: self.threads)
    }

    var progress: ReadBackProgress { ReadBackProgress(disks: counter.disks, dataBytes: counter.data) }

    /// - Parameter onFailure: called once, from a thread of this verifier, when reading back fails.
    func start(onFailure: @escaping @Sendable (TransferError) -> Void) throws(TransferError) {
        state.update { $0.onFailure = onFailure }
        for i in 0..<threads {
            do {
                let worker = try WorkerThread(name: "kc-verify-\(i)") { [self] in work() }
                state.update { $0.workers.append(worker) }
            } catch {
                throw TransferError(.resources, error.description, underlying: error)
            }
        }
    }

    /// Takes units that are written, from whichever thread wrote the last of them.
    /// - Parameter data: bytes of data that all disks have got so far.
    func add(disk: UInt32, _ range: Range<UInt64>, data: UInt64) {
        guard let place = places[disk] else { return }
        state.update { state in
            state.written.append((place, range))
            state.data = max(state.data, data)
        }
    }

    /// Ends the work soon, from any thread.
    func cancel() {
        cancelled.store(true, ordering: .relaxed)
        // Wakes those who wait.
        state.update { _ in }
    }

    /// Waits for the threads; they end after `finish` or a cancel.
    func join() {
        let workers = state.update { state in
            defer { state.workers = [] }
            return state.workers
        }
        for worker in workers { worker.join() }
    }

    /// What was found, once everything that was added is flushed and read. Nothing may be added after this.
    func finish() throws(TransferError) -> ReadBackReport {
        state.update { $0.isLast = true }
        join()
        let (failure, times, medium) = state.update { state in
            state.noteMedium()
            return (state.failure, state.times, state.medium)
        }
        if let failure { throw failure }
        if cancelled.load(ordering: .relaxed) { throw .cancelled() }
        return ReadBackReport(roots: try roots.finishAll(), medium: medium, times: times)
    }

    private func work() {
        do {
            let worker = try ReadBackWorker(roots: roots, done: counter, buffer: try pool.lease())
            defer { add(worker.times) }
            while true {
                switch nextStep() {
                case .read(let queue):
                    while !isCancelled, let item = try queue.next() {
                        try worker.verify(item) { isCancelled }
                    }
                    state.update { if $0.queue === queue { $0.queue = nil } }
                case .flush(let written): try flush(written)
                case .stop: return
                }
            }
        } catch {
            let error = TransferError(unplaced: error)
            let tell = state.update { state in
                defer { state.onFailure = nil }
                state.failure = state.failure ?? error
                return state.onFailure
            }
            cancel()
            tell?(error)
        }
    }

    private func add(_ times: StageTimes) {
        var times = times
        kc_thread_cpu(&times.userCPU, &times.systemCPU)
        state.update { $0.times += times }
    }

    /// Waits until there is something to do.
    private func nextStep() -> Step {
        let step = state.wait { state -> Step? in
            if isCancelled { return .stop }
            if let queue = state.queue { return .read(queue) }
            if state.isFlushing { return nil }
            if state.isBatchFull({ areDisksBusy?() ?? false }) || state.isLast && !state.written.isEmpty {
                state.isFlushing = true
                state.flushedData = state.data
                defer { state.written = [] }
                return .flush(state.written)
            }
            return state.isLast ? .stop : nil
        }
        return step ?? .stop
    }

    private func flush(_ written: [(disk: Int, range: Range<UInt64>)]) throws(TransferError) {
        var sources: [Int: any ReadBackSource] = [:]
        for disk in Set(written.map(\.disk)) {
            do {
                try sinks[disk].flush()
                sources[disk] = try sinks[disk].readBack()
            } catch {
                throw .sink(indexes[disk], error)
            }
        }
        let parts = written.compactMap { disk, range in
            sources[disk].map { DiskPart(disk: disk, index: indexes[disk], source: $0, range: range) }
        }
        state.update { state in
            state.queue = WorkQueue(parts)
            state.noteMedium()
            state.reading = Array(sources.values)
            state.isFlushing = false
        }
    }

    private var isCancelled: Bool { cancelled.load(ordering: .relaxed) }
}
