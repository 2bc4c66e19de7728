import CLinux
import Synchronization

/// Reads whole disks with several threads and computes their roots, as the sender did from the source.
///
/// `RollingVerifier` does the same while the disks are still being received.
public final class ReadBackVerifier: Sendable {
    private let sources: [any DiskSource]
    private let indexes: [UInt32]
    private let threads: Int
    private let done: ReadBackCounter
    private let cancelled = Atomic<Bool>(false)
    private let outcome = Mutex<(failure: TransferError?, times: StageTimes)>((nil, StageTimes()))

    /// - Parameters:
    ///   - disks: what to read, usually what `DiskSink.readBack` opened; indexes serve error messages.
    ///   - threads: how many read and hash in turn, 1 to 64. Direct reads wait for the medium without reading ahead,
    ///     so that twice as many threads as the cores of a small host keep both busy.
    public init(disks: [(index: UInt32, source: any DiskSource)], threads: Int = 4) {
        sources = disks.map(\.source)
        indexes = disks.map(\.index)
        done = ReadBackCounter(disks: disks.count)
        self.threads = min(max(1, threads), 64)
    }

    /// Bytes of disks that were read or known to be zeros; may be called at any time.
    public var bytesDone: UInt64 { done.value }

    /// Of these, the bytes that were read; may be called at any time.
    public var dataBytes: UInt64 { done.data }

    /// `bytesDone` of each disk, in order; may be called at any time.
    public var disks: [UInt64] { done.disks }

    /// Time by stage, complete when `run` has returned.
    public var times: StageTimes { outcome.withLock { $0.times } }

    /// Ends `run` soon, from any thread.
    public func cancel() { cancelled.store(true, ordering: .relaxed) }

    /// The root of each disk, in order. Blocks; call it once.
    public func run() throws(TransferError) -> [Digest256] {
        let queue = WorkQueue(DiskPart.whole(sources, indexes: indexes))
        let roots: RootHasher
        do { roots = try RootHasher(sizes: sources.map(\.size)) } catch { throw TransferError(unplaced: error) }
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
        return try roots.finishAll()
    }

    private func note(_ error: TransferError) {
        outcome.withLock { if $0.failure == nil { $0.failure = error } }
        cancel()
    }

    private func add(_ times: StageTimes) {
        var times = times
        kc_thread_cpu(&times.userCPU, &times.systemCPU)
        outcome.withLock { $0.times += times }
    }

    private func work(_ queue: WorkQueue, _ roots: RootHasher, _ pool: BufferPool) {
        do {
            let worker = try ReadBackWorker(roots: roots, done: done, buffer: try pool.lease())
            defer { add(worker.times) }
            while !cancelled.load(ordering: .relaxed), let item = try queue.next() {
                try worker.verify(item) { cancelled.load(ordering: .relaxed) }
            }
        } catch {
            note(TransferError(unplaced: error))
        }
    }
}
