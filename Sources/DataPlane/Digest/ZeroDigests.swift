/// Digests of leaves and units that read as zeros: found once, then constants.
struct ZeroDigests: Sendable {
    /// Of a whole leaf.
    let leaf: Digest256
    /// Of a whole unit.
    let unit: Digest256

    init() throws(CryptoError) {
        let hasher = try SHA256()
        leaf = try Self.zeros(Geometry.leaf, hasher)
        unit = try Self.unit(length: Geometry.unit, leaf: leaf, hasher)
    }

    /// Of a leaf that ends with the disk: `length` zeros.
    func leaf(length: Int) throws(CryptoError) -> Digest256 {
        length == Geometry.leaf ? leaf : try Self.zeros(length, SHA256())
    }

    /// Of a unit that ends with the disk.
    func unit(length: Int) throws(CryptoError) -> Digest256 {
        length == Geometry.unit ? unit : try Self.unit(length: length, leaf: leaf, SHA256())
    }

    private static func zeros(_ count: Int, _ hasher: SHA256) throws(CryptoError) -> Digest256 {
        try hasher.update([UInt8](repeating: 0, count: count))
        return try hasher.finish()
    }

    private static func unit(length: Int, leaf: Digest256, _ hasher: SHA256) throws(CryptoError) -> Digest256 {
        for _ in 0..<(length / Geometry.leaf) { try hasher.update(leaf) }
        let tail = length % Geometry.leaf
        if tail > 0 { try hasher.update(zeros(tail, SHA256())) }
        return try hasher.finish()
    }
}
