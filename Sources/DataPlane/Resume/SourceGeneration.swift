/// Which state of a source disk it is: what was copied of one is of no use for another.
public enum SourceGeneration {
    /// SHA-256 over the disk's size, its view, and path, inode, size and times of each of its images. The device number
    /// isn't in it, which changes when the host starts anew. Nil when an image is a block device, whose times say nothing
    /// about what it holds.
    public static func of(
        _ images: [(path: String, identity: FileIdentity)], guestView: Bool, size: UInt64
    ) throws(CryptoError) -> [UInt8]? {
        guard !images.contains(where: { $0.identity.isBlockDevice }) else { return nil }
        let hash = try SHA256()
        try hash.update(Array("kvm-clone generation 1".utf8) + size.littleEndianBytes + [guestView ? 1 : 0])
        for (path, identity) in images {
            try hash.update(UInt64(path.utf8.count).littleEndianBytes + Array(path.utf8))
            try hash.update(identity.inode.littleEndianBytes + identity.fileSize.littleEndianBytes)
            try hash.update(identity.modified.littleEndianBytes + identity.changed.littleEndianBytes)
        }
        return try hash.finish().bytes
    }
}
