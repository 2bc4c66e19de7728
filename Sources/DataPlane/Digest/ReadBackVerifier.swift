import CLinux
import Synchronization

/// Reads whole disks with several threads and computes their roots, as the sender did from the source.
public final class ReadBackVerifier: Sendable {
    private let sources: [any DiskSource]
    private let indexes: [UInt32]
    private let threads: Int
    private let done = Atomic<UInt64>(0)
    private let data = Atomic<UInt64>(0)
    private let counters: DiskCounters
    private let cancelled = Atomic<Bool>(false)
    private let outcome = Mutex<(failure: TransferError?, times: StageTimes)>((nil, StageTimes()))

    /// - Parameters:
    ///   - disks: what to read, usually what `DiskSink.readBack` opened; indexes serve error messages.
    ///   - threads: how many read and hash in turn, 1 to 64. Direct reads wait for the medium without reading ahead,
    ///     so that twice as many threads as the cores of a small host keep both busy.
    public init(disks: [(index: UInt32, source: any DiskSource)], threads: Int = 4) {
        sources = disks.map(\.source)
        indexes = disks.map(\.index)
        self.threads = min(max(1, threads), 64)
        counters = DiskCounters(count: disks.count)
    }

    /// Bytes of disks that were read or known to be zeros; may be called at any time.
    public var bytesDone: UInt64 { done.load(ordering: .relaxed) }

    /// Of these, the bytes that were read; may be called at any time.
    public var dataBytes: UInt64 { data.load(ordering: .relaxed) }

    /// `bytesDone` of each disk, in order; may be called at any time.
    public var disks: [UInt64] { counters.values }

    /// Time by stage, complete when `run` has returned.
    public var times: StageTimes { outcome.withLock { $0.times } }

    /// Ends `run` soon, from any thread.
    public func cancel() { cancelled.store(true, ordering: .relaxed) }

    /// The root of each disk, in order. Blocks; call it once.
    public func run() throws(TransferError) -> [Digest256] {
        let queue = WorkQueue(sources, indexes: indexes)
        let roots: RootHasher
        do { roots = try RootHasher(sizes: sources.map(\.size)) } catch { throw TransferError(error, stream: 0) }
        let pool = try BufferPool(count: threads)
        var workers: [WorkerThread] = []
        for i in 0..<threads {
            do {
                workers.append(try WorkerThread(name: "kc-verify-\(i)") { [self] in work(queue, roots, pool) })
            } catch {
                note(TransferError(.resources, error.description, underlying: error))
            }
        }
        for worker in workers { worker.join() }
        if let failure = outcome.withLock({ $0.failure }) { throw failure }
        if cancelled.load(ordering: .relaxed) { throw .cancelled() }
        return try finish(roots)
    }

    private func finish(_ roots: RootHasher) throws(TransferError) -> [Digest256] {
        do {
            return try roots.finish().map {
                guard let root = $0 else { throw TransferError(.incomplete, "not every unit was read back") }
                return root
            }
        } catch { throw Self.unplaced(error) }
    }

    private static func unplaced(_ error: any Error) -> TransferError {
        error as? TransferError ?? TransferError(.resources, "\(error)", underlying: error)
    }

    private func note(_ error: TransferError) {
        outcome.withLock { if $0.failure == nil { $0.failure = error } }
        cancel()
    }

    private func note(_ bytes: UInt64, disk: Int) {
        done.add(bytes, ordering: .relaxed)
        counters.add(bytes, disk: disk)
    }

    private func add(_ times: StageTimes) {
        var times = times
        kc_thread_cpu(&times.userCPU, &times.systemCPU)
        outcome.withLock { $0.times += times }
    }

    private func work(_ queue: WorkQueue, _ roots: RootHasher, _ pool: BufferPool) {
        do {
            let buffer = try pool.lease()
            let scanner = try UnitScanner(
                sources: sources, diskIndexes: indexes, buffer: buffer.payload, frameSize: Geometry.maxFrame,
                zeros: roots.zeros)
            defer { add(scanner.times) }
            while !cancelled.load(ordering: .relaxed), let item = try queue.next() {
                switch item {
                case .zeros(let disk, let range):
                    try roots.addZeros(disk: disk, range)
                    note(UInt64(range.count), disk: disk)
                case .unit(let disk, let range, let extents):
                    scanner.begin(disk: disk, range: range, extents: extents)
                    while !cancelled.load(ordering: .relaxed), let run = try scanner.next() {
                        switch run {
                        case .zeros(let range): note(UInt64(range.count), disk: disk)
                        case .data(_, let length, _):
                            note(UInt64(length), disk: disk)
                            data.add(UInt64(length), ordering: .relaxed)
                        }
                    }
                    try roots.add(disk: disk, unit: range.lowerBound / Geometry.unit64, scanner.unitDigest())
                }
            }
        } catch {
            note(Self.unplaced(error))
        }
    }
}
