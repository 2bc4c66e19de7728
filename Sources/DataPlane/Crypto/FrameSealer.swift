import CCrypto

/// Seals the frames of one stream and direction with AES-128-GCM, in place.
///
/// The nonce is four zero bytes and the 64-bit frame number, big-endian. One owner thread; nothing is allocated per
/// frame.
final class FrameSealer {
    private let context: OpaquePointer
    /// Number of the next frame.
    private(set) var sequence: UInt64 = 0

    init(key: StreamKey) throws(CryptoError) {
        guard let context = key.bytes.withPointer({ kc_gcm_new($0, 1) }) else {
            throw CryptoError(operation: "set up AES-128-GCM")
        }
        self.context = context
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// Writes the header at `frame`, encrypts the `header.wireLength` bytes that follow it, and writes the tag behind
    /// them. Returns the size of the whole frame in bytes.
    func seal(_ header: FrameHeader, at frame: UnsafeMutableRawPointer) throws(CryptoError) -> Int {
        // The counter can't wrap: 2^64 frames are more than any stream has.
        var header = header
        header.sequence = sequence
        header.encode(to: frame)
        let length = Int(header.wireLength)
        let payload = frame + FrameHeader.encodedSize
        let done = withNonce(sequence) {
            kc_gcm_seal(context, $0, frame, Int32(FrameHeader.encodedSize), payload, Int32(length), payload + length)
        }
        guard done == 1 else { throw CryptoError(operation: "seal a frame") }
        sequence += 1
        return FrameHeader.emptyFrame + length
    }
}

/// Opens the frames of one stream and direction, and insists on their order.
final class FrameOpener {
    private let context: OpaquePointer
    /// Number that the next frame must have.
    private(set) var sequence: UInt64 = 0

    init(key: StreamKey, allowsGaps: Bool = false) throws(CryptoError) {
        guard let context = key.bytes.withPointer({ kc_gcm_new($0, 0) }) else {
            throw CryptoError(operation: "set up AES-128-GCM")
        }
        self.context = context
        self.allowsGaps = allowsGaps
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// Whether frames may be left out. None may come twice, or after a later one, in any case.
    private let allowsGaps: Bool

    /// Refuses a frame that isn't the next one, or with gaps a later one. Cheap; call it before the payload is read.
    func checkSequence(_ header: FrameHeader) throws(FrameError) {
        guard header.sequence == sequence || allowsGaps && header.sequence > sequence else {
            throw .outOfSequence(expected: sequence, got: header.sequence)
        }
    }

    /// Decrypts the payload behind the encoded header at `frame` when the tag behind it holds. `header` is the decoded
    /// form of those 64 bytes. What was decrypted lies at `output`, or nil: where it was.
    func open(
        _ header: FrameHeader, at frame: UnsafeMutableRawPointer, into output: UnsafeMutableRawPointer? = nil
    ) throws(FrameError) {
        try checkSequence(header)
        let length = Int(header.wireLength)
        let payload = frame + FrameHeader.encodedSize
        let done = withNonce(header.sequence) {
            kc_gcm_open(
                context, $0, frame, Int32(FrameHeader.encodedSize), payload, output ?? payload, Int32(length),
                payload + length)
        }
        guard done == 1 else { throw .badTag }
        sequence = header.sequence + 1
    }
}

@inline(__always)
private func withNonce(_ sequence: UInt64, _ body: (UnsafePointer<UInt8>) -> Int32) -> Int32 {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 12) { nonce in
        let raw = UnsafeMutableRawBufferPointer(nonce)
        raw.storeBytes(of: 0, as: UInt32.self)
        raw.storeBytes(of: sequence.bigEndian, toByteOffset: 4, as: UInt64.self)
        // An allocation of 12 bytes has an address.
        return nonce.baseAddress.map { body(UnsafePointer($0)) } ?? 0
    }
}
