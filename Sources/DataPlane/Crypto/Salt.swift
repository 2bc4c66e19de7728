import CCrypto

/// 32 public random bytes that make one agent's part in one job unique.
///
/// Each start of a job makes a new one: nonces count from 0 under a key that is derived from it, so a salt that was
/// used before must never be used again. Peers' salts come from the coordinator, never from the peer.
public struct Salt: Sendable, Hashable {
    /// Length of a salt in bytes.
    public static let size = 32
    /// The bytes.
    public let bytes: [UInt8]

    /// A fresh salt from libcrypto's generator.
    public static func random() throws(CryptoError) -> Salt {
        var bytes = [UInt8](repeating: 0, count: size)
        guard RAND_bytes(&bytes, Int32(size)) == 1 else { throw CryptoError(operation: "make a salt") }
        return Salt(unchecked: bytes)
    }

    /// A peer's salt, or nil unless there are exactly 32 bytes.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size else { return nil }
        self.bytes = bytes
    }

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// The first eight bytes, by which a hello frame names its ends.
    var prefix: UInt64 { bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) } }
}
