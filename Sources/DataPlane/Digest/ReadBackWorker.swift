import Synchronization

/// Reads items of work back and adds their digests to the roots. One thread.
final class ReadBackWorker {
    private let roots: RootHasher
    private let done: ReadBackCounter
    private let buffer: PooledBuffer
    private let scanner: UnitScanner

    init(roots: RootHasher, done: ReadBackCounter, buffer: consuming PooledBuffer) throws(CryptoError) {
        self.roots = roots
        self.done = done
        scanner = try UnitScanner(buffer: buffer.payload, zeros: roots.zeros)
        self.buffer = buffer
    }

    var times: StageTimes { scanner.times }

    /// Handles one item. When `isCancelled` says so, it returns early and the digest is missing from the root.
    func verify(_ item: WorkItem, isCancelled: () -> Bool) throws {
        switch item {
        case .zeros(let part, let range):
            try roots.addZeros(disk: part.disk, range)
            done.add(range.count, disk: part.disk)
        case .unit(let part, let range, let extents):
            scanner.begin(part, range, extents)
            while let run = try scanner.next() {
                if isCancelled() { return }
                switch run {
                case .zeros(let range): done.add(range.count, disk: part.disk)
                case .data(_, let length, _): done.addData(length, disk: part.disk)
                }
            }
            try roots.add(disk: part.disk, unit: range.lowerBound / Geometry.unit64, scanner.unitDigest())
        }
    }
}

/// Bytes that were read back, or known to be zeros.
final class ReadBackCounter: Sendable {
    private let bytes = Atomic<UInt64>(0)
    private let dataBytes = Atomic<UInt64>(0)
    private let counters: DiskCounters

    /// `disks`: how many there are in the job.
    init(disks: Int) {
        counters = DiskCounters(count: disks)
    }

    func add(_ count: Int, disk: Int) {
        bytes.add(UInt64(count), ordering: .relaxed)
        counters.add(UInt64(count), disk: disk)
    }

    func addData(_ count: Int, disk: Int) {
        dataBytes.add(UInt64(count), ordering: .relaxed)
        add(count, disk: disk)
    }

    var value: UInt64 { bytes.load(ordering: .relaxed) }
    /// Of these, the bytes that were read.
    var data: UInt64 { dataBytes.load(ordering: .relaxed) }
    /// Of each disk, in the job's order.
    var disks: [UInt64] { counters.values }
}

extension RootHasher {
    /// All roots, for callers that have read everything.
    func finishAll() throws(TransferError) -> [Digest256] {
        let roots: [Digest256?]
        do { roots = try finish() } catch {
            throw TransferError(.resources, error.description, underlying: error)
        }
        var result: [Digest256] = []
        for root in roots {
            guard let root else { throw TransferError(.incomplete, "not every unit was read back") }
            result.append(root)
        }
        return result
    }
}
