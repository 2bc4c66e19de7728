import CCrypto

/// Which way a frame goes.
public enum Direction: UInt8, Sendable {
    /// From the sender of the disk to its receivers.
    case forward = 0
    /// From a receiver to the sender.
    case backward = 1

    /// The other way.
    public var reversed: Direction { self == .forward ? .backward : .forward }
}

/// The AES-128 key of one stream and direction.
struct StreamKey: Sendable {
    static let size = 16
    let bytes: SecretBytes

    /// HKDF-SHA256 (RFC 5869) of the job key; the salt is that of the end which seals with the key.
    static func stream(
        _ key: JobKey, salt: Salt, stream: UInt16, direction: Direction, epoch: UInt32
    ) throws(CryptoError) -> StreamKey {
        try derive(key, salt: salt.bytes, label: "kvm-clone stream", stream, direction, epoch)
    }

    /// The key that seals the one hello frame of a direction between two ends. Both salts are in it, so it proves that
    /// the peer was told of this very pair.
    static func hello(
        _ key: JobKey, sender: Salt, receiver: Salt, stream: UInt16, direction: Direction, epoch: UInt32
    ) throws(CryptoError) -> StreamKey {
        try derive(key, salt: sender.bytes + receiver.bytes, label: "kvm-clone hello", stream, direction, epoch)
    }

    /// The key of one link of a tunnel and one direction. The salts of both ends are in it, first that of the end which
    /// seals with it, so that frames of another pair can't be replayed.
    static func tunnel(
        _ key: JobKey, from sealing: Salt, to opening: Salt, link: LinkNumber, direction: Direction
    ) throws(CryptoError) -> StreamKey {
        try derive(
            key, salt: sealing.bytes + opening.bytes, label: "kvm-clone tunnel", link.raw, direction, 0)
    }

    private static func derive(
        _ key: JobKey, salt: [UInt8], label: String, _ stream: UInt16, _ direction: Direction, _ epoch: UInt32
    ) throws(CryptoError) -> StreamKey {
        var info = Array(label.utf8)
        withUnsafeBytes(of: stream.littleEndian) { info.append(contentsOf: $0) }
        info.append(direction.rawValue)
        withUnsafeBytes(of: epoch.littleEndian) { info.append(contentsOf: $0) }
        return StreamKey(bytes: try HKDF.deriveKey(from: key.bytes, salt: salt, info: info, count: size))
    }
}

/// HKDF with SHA-256 as RFC 5869 has it: extract, then expand.
enum HKDF {
    static func deriveKey(
        from key: SecretBytes, salt: [UInt8], info: [UInt8], count: Int
    ) throws(CryptoError) -> SecretBytes {
        try SecretBytes(count: count) { (out) throws(CryptoError) in
            let done = key.withPointer { kc_hkdf_sha256(out, count, $0, key.count, salt, salt.count, info, info.count) }
            guard done == 1 else { throw CryptoError(operation: "derive a stream key") }
        }
    }
}
