import CCrypto

/// An incremental SHA-256 over libcrypto's EVP, which can be used again without allocating. One thread at a time.
final class SHA256 {
    private let context: OpaquePointer
    private let algorithm: OpaquePointer

    init() throws(CryptoError) {
        guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil) else { throw CryptoError(operation: "set up SHA-256") }
        guard let context = EVP_MD_CTX_new() else {
            EVP_MD_free(algorithm)
            throw CryptoError(operation: "set up SHA-256")
        }
        self.algorithm = algorithm
        self.context = context
        try begin()
    }

    deinit {
        EVP_MD_CTX_free(context)
        EVP_MD_free(algorithm)
    }

    private func begin() throws(CryptoError) {
        guard EVP_DigestInit_ex2(context, algorithm, nil) == 1 else { throw CryptoError(operation: "start SHA-256") }
    }

    func update(_ bytes: UnsafeRawBufferPointer) throws(CryptoError) {
        guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
            throw CryptoError(operation: "compute SHA-256")
        }
    }

    func update(_ bytes: [UInt8]) throws(CryptoError) {
        try bytes.withUnsafeBufferPointer { (p) throws(CryptoError) in try update(UnsafeRawBufferPointer(p)) }
    }

    func update(_ digest: Digest256) throws(CryptoError) {
        try withUnsafeBytes(of: digest) { (bytes) throws(CryptoError) in try update(bytes) }
    }

    /// The digest of all updates since the last one; starts anew.
    func finish() throws(CryptoError) -> Digest256 {
        var digest = Digest256()
        let done = withUnsafeMutableBytes(of: &digest) {
            EVP_DigestFinal_ex(context, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), nil)
        }
        guard done == 1 else { throw CryptoError(operation: "compute SHA-256") }
        try begin()
        return digest
    }

    /// The digest of `bytes` alone.
    func digest(_ bytes: UnsafeRawBufferPointer) throws(CryptoError) -> Digest256 {
        try update(bytes)
        return try finish()
    }
}
