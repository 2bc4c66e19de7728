import Synchronization

/// The digests of some neighbouring units of a disk, and of their leaves: what two disks are compared by.
public struct UnitDigests: Sendable {
    /// One unit.
    public struct Unit: Sendable {
        /// SHA-256 over the digests of its leaves.
        public let digest: [UInt8]
        /// Of its leaves, 32 bytes each; nil where all of it reads as zeros.
        let leaves: [UInt8]?
        let length: Int
    }

    /// In order.
    public let units: [Unit]
    /// Bytes that were read; what is known to be zeros isn't.
    public let dataBytes: UInt64

    /// Reads `units` of a disk with several threads. Blocks. Throws when the disk has no such units, can't be read, or
    /// `isCancelled` says so.
    ///
    /// Takes 8 KiB for each unit that isn't zeros.
    public static func of(
        _ source: any DiskSource, units: Range<UInt64>, threads: Int = 2, isCancelled: @escaping @Sendable () -> Bool
    ) throws(TransferError) -> UnitDigests {
        guard !units.isEmpty, units.upperBound <= Geometry.units(in: source.size) else {
            throw TransferError(.resources, "units \(units) of a disk of \(source.size) bytes")
        }
        return try Reading(source, units, isCancelled).run(threads: threads)
    }

    /// The digests of a unit's leaves, 32 bytes each, by its place in `units`.
    public func leaves(of place: Int) throws(TransferError) -> [UInt8] {
        let unit = units[place]
        if let leaves = unit.leaves { return leaves }
        do {
            let zeros = try ZeroDigests()
            var bytes: [UInt8] = []
            for start in stride(from: 0, to: unit.length, by: Geometry.leaf) {
                bytes += try zeros.leaf(length: min(Geometry.leaf, unit.length - start)).bytes
            }
            return bytes
        } catch {
            throw TransferError(unplaced: error)
        }
    }
}

/// One reading of some units, by several threads.
private final class Reading: Sendable {
    private let units: Range<UInt64>
    private let size: UInt64
    private let queue: WorkQueue
    private let isCancelled: @Sendable () -> Bool
    private let state: Mutex<State>

    private struct State {
        var found: [UInt64: UnitDigests.Unit] = [:]
        var dataBytes: UInt64 = 0
        var failure: TransferError?
    }

    init(_ source: any DiskSource, _ units: Range<UInt64>, _ isCancelled: @escaping @Sendable () -> Bool) {
        self.units = units
        size = source.size
        let range = (units.lowerBound * Geometry.unit64)..<min(units.upperBound * Geometry.unit64, source.size)
        queue = WorkQueue([DiskPart(disk: 0, index: 0, source: source, range: range)])
        self.isCancelled = isCancelled
        state = Mutex(State())
    }

    func run(threads: Int) throws(TransferError) -> UnitDigests {
        do {
            let pool = try BufferPool(count: threads)
            let zeros = try ZeroDigests()
            var workers: [WorkerThread] = []
            // What is started is waited for, whatever else fails.
            defer { for worker in workers { worker.join() } }
            for i in 0..<threads {
                workers.append(try WorkerThread(name: "kc-compare-\(i)") { [self] in work(pool, zeros) })
            }
        } catch {
            throw TransferError(unplaced: error)
        }
        return try state.withLock { (state) throws(TransferError) in
            if let failure = state.failure { throw failure }
            if isCancelled() { throw .cancelled() }
            var all: [UnitDigests.Unit] = []
            for unit in units {
                guard let found = state.found[unit] else {
                    throw TransferError(.incomplete, "not every unit was read")
                }
                all.append(found)
            }
            return UnitDigests(units: all, dataBytes: state.dataBytes)
        }
    }

    private func work(_ pool: BufferPool, _ zeros: ZeroDigests) {
        do {
            let buffer = try pool.lease()
            let scanner = try UnitScanner(buffer: buffer.payload, zeros: zeros)
            while state.withLock({ $0.failure == nil }), !isCancelled(), let item = try queue.next() {
                switch item {
                case .zeros(_, let range): try addZeros(range, zeros)
                case .unit(let part, let range, let extents): try add(part, range, extents, scanner)
                }
            }
        } catch {
            state.withLock { $0.failure = $0.failure ?? TransferError(unplaced: error) }
        }
    }

    private func addZeros(_ range: Range<UInt64>, _ zeros: ZeroDigests) throws {
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Int(Geometry.unit64)) {
            let length = Int(min(Geometry.unit64, range.upperBound - start))
            let unit = UnitDigests.Unit(digest: try zeros.unit(length: length).bytes, leaves: nil, length: length)
            state.withLock { $0.found[start / Geometry.unit64] = unit }
        }
    }

    private func add(
        _ part: DiskPart, _ range: Range<UInt64>, _ extents: [Extent], _ scanner: UnitScanner
    ) throws {
        var leaves: [UInt8] = []
        var read: UInt64 = 0
        leaves.reserveCapacity(Geometry.leavesPerUnit * Digest256.size)
        scanner.onLeaves = { leaves += $0 }
        defer { scanner.onLeaves = nil }
        scanner.begin(part, range, extents)
        while let run = try scanner.next() {
            if isCancelled() { return }
            if case .data(_, let length, _) = run { read += UInt64(length) }
        }
        let unit = UnitDigests.Unit(digest: try scanner.unitDigest().bytes, leaves: leaves, length: range.count)
        state.withLock { state in
            state.found[range.lowerBound / Geometry.unit64] = unit
            state.dataBytes += read
        }
    }
}
