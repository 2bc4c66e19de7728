import CLinux

/// A part of a unit, as the scanner found it.
enum ScannedRun {
    /// It reads as zeros.
    case zeros(Range<UInt64>)
    /// It was read into the scanner's buffer. Bit i of `nonZero` tells that leaf i of it holds data.
    case data(offset: UInt64, length: Int, nonZero: UInt32)
}

/// Reads one unit after the other, leaf by leaf: skips what the extents call zero, finds the zeros in the rest, and
/// hashes. One thread.
final class UnitScanner {
    private let buffer: UnsafeMutableRawPointer
    /// Not the frame's size: sixteen leaves at once are hashed in the time of eight.
    private static let leavesPerRun = Geometry.maxFrame / Geometry.leaf
    private let hasher: LeafHasher?
    private let unitHasher: SHA256?
    private let zeros: ZeroDigests?
    private let mayHold = UnsafeMutablePointer<Bool>.allocate(capacity: Geometry.leavesPerUnit)
    private var part: DiskPart?
    private var range: Range<UInt64> = 0..<0
    private var leafCount = 0
    private var leaf = 0
    var times = StageTimes()
    /// Gets the digests of a unit's leaves as they are found, in order.
    var onLeaves: ((UnsafeRawBufferPointer) -> Void)?

    /// - Parameters:
    ///   - buffer: room for `Geometry.maxFrame` bytes, aligned to 4096.
    ///   - zeros: given when digests are wanted.
    init(buffer: UnsafeMutableRawPointer, zeros: ZeroDigests?) throws(CryptoError) {
        self.buffer = buffer
        self.zeros = zeros
        hasher = if let zeros { try LeafHasher(zeros: zeros) } else { nil }
        unitHasher = zeros == nil ? nil : try SHA256()
    }

    deinit { mayHold.deallocate() }

    /// Goes to a unit. The runs come from `next`.
    func begin(_ part: DiskPart, _ range: Range<UInt64>, _ extents: [Extent]) {
        self.part = part
        self.range = range
        leafCount = Geometry.leaves(in: range.count)
        leaf = 0
        mayHold.update(repeating: false, count: leafCount)
        for extent in extents where !extent.isZero {
            let first = Int((extent.offset - range.lowerBound) / Geometry.leaf64)
            let last = Int((extent.offset + extent.length - 1 - range.lowerBound) / Geometry.leaf64)
            for i in first...last { mayHold[i] = true }
        }
    }

    /// The next part of the unit, in order, or nil at its end. The buffer holds a data run until the next call.
    func next() throws(TransferError) -> ScannedRun? {
        guard let part, leaf < leafCount else { return nil }
        let first = leaf
        if !mayHold[leaf] {
            while leaf < leafCount, !mayHold[leaf] { leaf += 1 }
            try addZeroLeaves(first..<leaf)
            return .zeros(offset(first)..<offset(leaf))
        }
        while leaf < leafCount, mayHold[leaf], leaf - first < Self.leavesPerRun { leaf += 1 }
        let (start, end) = (offset(first), offset(leaf))
        return try read(part, start..<end)
    }

    /// The digest of the unit, after its last run.
    func unitDigest() throws(TransferError) -> Digest256 {
        try wrapping { () throws(CryptoError) in try unitHasher?.finish() ?? Digest256() }
    }

    private func offset(_ leaf: Int) -> UInt64 {
        min(range.lowerBound + UInt64(leaf) * Geometry.leaf64, range.upperBound)
    }

    private func read(_ part: DiskPart, _ range: Range<UInt64>) throws(TransferError) -> ScannedRun {
        let length = range.count
        let t0 = monotonicNanoseconds()
        do {
            try part.source.read(
                into: UnsafeMutableRawBufferPointer(start: buffer, count: length), at: range.lowerBound)
        } catch {
            throw .source(part.index, error)
        }
        let t1 = monotonicNanoseconds()
        var nonZero: UInt32 = 0
        let leaves = Geometry.leaves(in: length)
        for i in 0..<leaves {
            let start = i * Geometry.leaf
            if !kc_is_zero(buffer + start, min(Geometry.leaf, length - start)) { nonZero |= 1 << UInt32(i) }
        }
        let t2 = monotonicNanoseconds()
        times.read += t1 - t0
        times.zeroCheck += t2 - t1
        if let hasher, let unitHasher {
            try wrapping { () throws(CryptoError) in
                let digests = try hasher.digests(of: buffer, length: length, nonZero: nonZero)
                try unitHasher.update(digests)
                onLeaves?(digests)
            }
            times.hash += monotonicNanoseconds() - t2
        }
        return .data(offset: range.lowerBound, length: length, nonZero: nonZero)
    }

    private func addZeroLeaves(_ leaves: Range<Int>) throws(TransferError) {
        guard let unitHasher, let zeros else { return }
        try wrapping { () throws(CryptoError) in
            for i in leaves {
                let digest = try zeros.leaf(length: (offset(i)..<offset(i + 1)).count)
                try unitHasher.update(digest)
                if let onLeaves { withUnsafeBytes(of: digest) { onLeaves($0) } }
            }
        }
    }

    private func wrapping<R>(_ body: () throws(CryptoError) -> R) throws(TransferError) -> R {
        do { return try body() } catch { throw TransferError(.resources, error.description, underlying: error) }
    }
}
