/// Folds the unit digests of one disk, in order, into its root.
///
/// A unit digest is SHA-256 over the SHA-256 digests of the unit's 64 KiB leaves. The root is SHA-256 over
/// "kvm-clone root 1", the size and the leaf size (little-endian, 8 and 4 bytes), and the unit digests in order: it
/// binds content, size and geometry. Units that come early wait in `pending`: about 64 bytes for each that is ahead of
/// the first one that lacks. Where parts of a disk are sent before the rest is hashed, that can be most: 4 MB for 1 TiB.
struct RootDigest {
    let size: UInt64
    private let hasher: SHA256
    private let zeros: ZeroDigests
    private var next: UInt64 = 0
    private var pending: [UInt64: Pending] = [:]

    private enum Pending {
        case unit(Digest256)
        case zeros(UInt64)
    }

    init(size: UInt64, zeros: ZeroDigests) throws(CryptoError) {
        self.size = size
        self.zeros = zeros
        hasher = try SHA256()
        var prefix = Array("kvm-clone root 1".utf8)
        withUnsafeBytes(of: size.littleEndian) { prefix.append(contentsOf: $0) }
        withUnsafeBytes(of: UInt32(Geometry.leaf).littleEndian) { prefix.append(contentsOf: $0) }
        try hasher.update(prefix)
    }

    /// Takes the digest of one unit. Each unit is given once.
    mutating func add(unit: UInt64, _ digest: Digest256) throws(CryptoError) {
        pending[unit] = .unit(digest)
        try fold()
    }

    /// Takes a run of units that read as zeros; the last may be the disk's partial one.
    mutating func addZeros(_ range: Range<UInt64>) throws(CryptoError) {
        guard !range.isEmpty else { return }
        let first = range.lowerBound / Geometry.unit64
        pending[first] = .zeros(Geometry.units(in: range.upperBound) - first)
        try fold()
    }

    private mutating func fold() throws(CryptoError) {
        while let entry = pending.removeValue(forKey: next) {
            switch entry {
            case .unit(let digest):
                try hasher.update(digest)
                next += 1
            case .zeros(let count):
                for unit in next..<(next + count) {
                    let length = min(Geometry.unit64, size - unit * Geometry.unit64)
                    try hasher.update(zeros.unit(length: Int(length)))
                }
                next += count
            }
        }
    }

    /// The root, or nil while a unit is missing. Ends the digest.
    mutating func finish() throws(CryptoError) -> Digest256? {
        guard next == Geometry.units(in: size), pending.isEmpty else { return nil }
        return try hasher.finish()
    }
}
