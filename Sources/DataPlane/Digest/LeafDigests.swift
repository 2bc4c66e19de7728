/// SHA-256 of leaves of a disk, for comparing two disks.
public enum LeafDigests {
    /// The digests of all leaves of `ranges`, in order, 32 bytes each. Blocks; reads what it hashes, 1 MiB at a time.
    public static func of(
        _ source: any DiskSource, _ ranges: LeafRanges, isCancelled: () -> Bool = { false }
    ) throws -> [UInt8] {
        var digests: [UInt8] = []
        try each(source, ranges, isCancelled) { _, digest in digests += digest }
        return digests
    }

    /// The leaves of `ranges` whose digests are those in `digests`, which has one for each leaf, in order.
    public static func same(
        _ source: any DiskSource, _ ranges: LeafRanges, as digests: [UInt8], isCancelled: () -> Bool = { false }
    ) throws -> LeafRanges {
        guard UInt64(digests.count) == ranges.leaves * UInt64(Digest256.size) else {
            throw TransferError(.resources, "\(digests.count) bytes of digests for \(ranges.leaves) leaves")
        }
        var same = LeafRanges()
        var at = 0
        try each(source, ranges, isCancelled) { range, digest in
            if digest.elementsEqual(digests[at..<(at + Digest256.size)]) { same.append(range) }
            at += Digest256.size
        }
        return same
    }

    private static func each(
        _ source: any DiskSource, _ ranges: LeafRanges, _ isCancelled: () -> Bool,
        _ body: (Range<UInt64>, UnsafeRawBufferPointer) -> Void
    ) throws {
        let pool = try BufferPool(count: 1)
        let buffer = try pool.lease()
        let hasher = try LeafHasher(zeros: try ZeroDigests())
        for range in ranges.ranges {
            var at = range.lowerBound
            while at < range.upperBound {
                if isCancelled() { throw TransferError.cancelled() }
                let length = Int(min(UInt64(Geometry.maxFrame), range.upperBound - at))
                try source.read(into: UnsafeMutableRawBufferPointer(start: buffer.payload, count: length), at: at)
                let all = try hasher.digests(of: buffer.payload, length: length, nonZero: .max)
                for leaf in 0..<Geometry.leaves(in: length) {
                    let start = at + UInt64(leaf) * Geometry.leaf64
                    let digest = all[(leaf * Digest256.size)..<((leaf + 1) * Digest256.size)]
                    body(
                        start..<min(start + Geometry.leaf64, range.upperBound), UnsafeRawBufferPointer(rebasing: digest)
                    )
                }
                at += UInt64(length)
            }
        }
    }
}
