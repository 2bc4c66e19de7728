import FoundationEssentials

extension Digest256 {
    /// SHA-256 of bytes in memory.
    public init(of bytes: Data) throws(CryptoError) {
        let hash = try SHA256()
        try hash.update(Array(bytes))
        self = try hash.finish()
    }
}
