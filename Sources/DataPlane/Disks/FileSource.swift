import Glibc

/// The bytes of a file as they are: a raw disk, or the container of any other format.
public final class FileSource: DiskSource {
    private let image: OpenImage
    /// Size of the file in bytes.
    public var size: UInt64 { image.identity.fileSize }
    /// Where the file is.
    public var path: String { image.path }

    /// A source over a regular file that is open for reading.
    ///
    /// What is dirty in the page cache is written first: holes are only to be trusted on a file that is at rest
    /// (some file systems told holes where data was still on its way, openzfs#15526).
    public init(_ image: consuming OpenImage) throws {
        guard !image.identity.isBlockDevice else {
            throw PathError.notRegular(path: image.path, what: "a block device")
        }
        if fdatasync(image.descriptor.raw) != 0, errno != EROFS, errno != EINVAL {
            throw DiskError.system(errno, "flush", image.path)
        }
        posix_fadvise(image.descriptor.raw, 0, 0, POSIX_FADV_SEQUENTIAL)
        self.image = image
    }

    /// Data and holes as the file system tells them. After 65,536 extents the rest is told as one that may hold data.
    public func extents(in range: Range<UInt64>) throws -> [Extent] {
        try DescriptorIO.check(range, in: size, "map", path: path)
        return try DescriptorIO.extents(image.descriptor.raw, in: range, path: path)
    }

    /// Reads through the page cache.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws {
        try DescriptorIO.check(offset, buffer.count, in: size, "read", path: path)
        try DescriptorIO.readAll(image.descriptor.raw, into: buffer, at: offset, path: path)
    }

    /// Compares inode, size, modification and change time, also of what stands under the name now.
    public func checkUnchanged() throws {
        try FileWatch.check(image.descriptor.raw, path: path, against: image.identity)
    }
}
