import CCrypto

/// The 32 secret bytes of one job, which the coordinator hands to both ends. Wiped with the last reference; neither
/// printed nor reflected.
public struct JobKey: Sendable {
    /// Length of a job key in bytes.
    public static let size = 32
    let bytes: SecretBytes

    /// A fresh key from libcrypto's generator.
    public static func random() throws(CryptoError) -> JobKey {
        JobKey(
            try SecretBytes(count: size) { (p) throws(CryptoError) in
                guard RAND_priv_bytes(p, Int32(size)) == 1 else { throw CryptoError(operation: "make a job key") }
            })
    }

    /// The key in `raw`, or nil unless that has exactly 32 bytes. The caller wipes its own copy.
    public init?(_ raw: some Collection<UInt8>) {
        guard raw.count == Self.size else { return nil }
        bytes = SecretBytes(count: Self.size) { p in
            for (i, byte) in raw.enumerated() { p[i] = byte }
        }
    }

    private init(_ bytes: SecretBytes) { self.bytes = bytes }

    /// Calls `body` with the 32 bytes, for handing them on over a secure channel.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try bytes.withPointer { try body(UnsafeRawBufferPointer(start: $0, count: Self.size)) }
    }
}

extension JobKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Nothing of the key.
    public var description: String { "JobKey(hidden)" }
    /// Nothing of the key.
    public var debugDescription: String { description }
    /// Nothing of the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
