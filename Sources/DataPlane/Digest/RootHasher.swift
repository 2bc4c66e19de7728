import Synchronization

/// The roots of all disks of a job, fed by several workers at once.
final class RootHasher: Sendable {
    let zeros: ZeroDigests
    private let roots: Mutex<[RootDigest]>

    init(sizes: [UInt64]) throws(CryptoError) {
        let zeros = try ZeroDigests()
        self.zeros = zeros
        var digests: [RootDigest] = []
        for size in sizes { digests.append(try RootDigest(size: size, zeros: zeros)) }
        roots = Mutex(digests)
    }

    func add(disk: Int, unit: UInt64, _ digest: Digest256) throws(CryptoError) {
        try roots.withLock { (roots) throws(CryptoError) in try roots[disk].add(unit: unit, digest) }
    }

    func addZeros(disk: Int, _ range: Range<UInt64>) throws(CryptoError) {
        try roots.withLock { (roots) throws(CryptoError) in try roots[disk].addZeros(range) }
    }

    /// The root of each disk, or nil in place of one that lacks units.
    func finish() throws(CryptoError) -> [Digest256?] {
        try roots.withLock { (roots) throws(CryptoError) in
            var result: [Digest256?] = []
            for i in roots.indices { result.append(try roots[i].finish()) }
            return result
        }
    }
}
