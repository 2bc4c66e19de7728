import CLinux
import Glibc

/// What tells a partial file from every other: random bytes that are stored with the file, and stay when it is renamed.
///
/// Device numbers change when a host starts anew, and inode numbers are used again. Where a file system has no extended
/// attributes, the inode's number with the time at which it was made stands in.
struct IdentityToken: Equatable {
    static let size = 16
    private static let name = "user.kvm-clone.token"

    let bytes: [UInt8]

    init?(_ bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
        guard self.bytes.count == Self.size else { return nil }
    }

    /// Marks an open file with a new token.
    static func mark(_ descriptor: Int32, path: String) throws -> IdentityToken {
        var generator = SystemRandomNumberGenerator()
        let random = (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        if kc_set_attribute(descriptor, name, random, size) == 0 { return IdentityToken(unchecked: random) }
        guard errno == EOPNOTSUPP || errno == ENOSYS else { throw DiskError.system(errno, "mark", path) }
        return try ofInode(descriptor, path)
    }

    /// The token of an open file; nil when it has none.
    static func of(_ descriptor: Int32, path: String) throws -> IdentityToken? {
        var bytes = [UInt8](repeating: 0, count: size + 1)
        let count = kc_get_attribute(descriptor, name, &bytes, bytes.count)
        if count >= 0 { return IdentityToken(bytes.prefix(count)) }
        guard errno == EOPNOTSUPP || errno == ENOSYS else {
            if errno == ENODATA || errno == ERANGE { return nil }
            throw DiskError.system(errno, "look at", path)
        }
        return try ofInode(descriptor, path)
    }

    /// Takes the mark off an open file. One that has none is no error.
    static func remove(from descriptor: Int32) {
        // What stays does no harm.
        _ = kc_remove_attribute(descriptor, name)
    }

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    private static func ofInode(_ descriptor: Int32, _ path: String) throws -> IdentityToken {
        let inode = try FileIdentity.of(descriptor, path: path).inode
        let birth = UInt64(bitPattern: kc_birth_time(descriptor))
        return IdentityToken(unchecked: inode.littleEndianBytes + birth.littleEndianBytes)
    }
}
