import CLinux

/// SHA-256 of the leaves of one buffer, sixteen side by side where the CPU can. One thread.
final class LeafHasher {
    /// Sixteen at once take as long as about this many one by one.
    private static let leastWide = 6
    private static let width = Geometry.maxFrame / Geometry.leaf

    private let zeros: ZeroDigests
    private let single: SHA256
    private let isWide: Bool
    private let digests = UnsafeMutablePointer<Digest256>.allocate(capacity: width)
    private let lanes = UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: width)
    private let laneDigests = UnsafeMutablePointer<Digest256>.allocate(capacity: width)

    init(zeros: ZeroDigests, isWide: Bool = kc_sha256_x16_pays()) throws(CryptoError) {
        self.zeros = zeros
        self.isWide = isWide
        single = try SHA256()
        digests.initialize(repeating: Digest256(), count: Self.width)
        lanes.initialize(repeating: nil, count: Self.width)
        laneDigests.initialize(repeating: Digest256(), count: Self.width)
    }

    deinit {
        digests.deallocate()
        lanes.deallocate()
        laneDigests.deallocate()
    }

    /// The digests of the leaves in `length` bytes at `bytes`, up to 1 MiB, valid until the next call. Leaf i is zeros
    /// unless bit i of `nonZero` is set.
    func digests(
        of bytes: UnsafeRawPointer, length: Int, nonZero: UInt32
    ) throws(CryptoError) -> UnsafeRawBufferPointer {
        let leaves = Geometry.leaves(in: length)
        let whole = nonZero & ((1 << UInt32(length / Geometry.leaf)) - 1)
        let useWide = isWide && whole.nonzeroBitCount >= Self.leastWide
        if useWide { hashWide(bytes, whole) }
        for i in 0..<leaves {
            let bit: UInt32 = 1 << UInt32(i)
            if useWide, whole & bit != 0 { continue }
            let count = min(Geometry.leaf, length - i * Geometry.leaf)
            let leaf = UnsafeRawBufferPointer(start: bytes + i * Geometry.leaf, count: count)
            digests[i] = nonZero & bit == 0 ? try zeros.leaf(length: count) : try single.digest(leaf)
        }
        return UnsafeRawBufferPointer(start: digests, count: leaves * Digest256.size)
    }

    /// Hashes the whole leaves in `set`; lanes that are left over repeat the first one.
    private func hashWide(_ bytes: UnsafeRawPointer, _ set: UInt32) {
        var used = 0
        for i in 0..<Self.width where set & (1 << UInt32(i)) != 0 {
            lanes[used] = bytes + i * Geometry.leaf
            used += 1
        }
        for i in used..<Self.width { lanes[i] = lanes[0] }
        let output = UnsafeMutableRawPointer(laneDigests).assumingMemoryBound(to: kc_digest.self)
        kc_sha256_x16(lanes, Geometry.leaf, output)
        used = 0
        for i in 0..<Self.width where set & (1 << UInt32(i)) != 0 {
            digests[i] = laneDigests[used]
            used += 1
        }
    }
}
