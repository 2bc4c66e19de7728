import CLinux
import Glibc

/// The bytes of a block device. A device tells no holes: all of it may hold data.
public final class BlockSource: DiskSource {
    private let image: OpenImage
    /// Bytes of the device.
    public let size: UInt64
    /// The device node that was opened, after its symbolic links were followed.
    public var path: String { image.path }

    /// A source over a block device that is open for reading.
    public init(_ image: consuming OpenImage) throws {
        size = try BlockDevice.size(image.descriptor.raw, path: image.path)
        posix_fadvise(image.descriptor.raw, 0, 0, POSIX_FADV_SEQUENTIAL)
        self.image = image
    }

    /// One extent that may hold data.
    public func extents(in range: Range<UInt64>) throws -> [Extent] {
        try DescriptorIO.check(range, in: size, "map", path: path)
        guard !range.isEmpty else { return [] }
        return [Extent(offset: range.lowerBound, length: UInt64(range.count), isZero: false)]
    }

    /// Reads through the page cache, which is coherent with direct writers of the same device.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws {
        try DescriptorIO.check(offset, buffer.count, in: size, "read", path: path)
        try DescriptorIO.readAll(image.descriptor.raw, into: buffer, at: offset, path: path)
    }

    /// A device has no times that tell of a write: only its size and the node are compared.
    public func checkUnchanged() throws {
        try FileWatch.check(image.descriptor.raw, path: path, against: image.identity)
        let now = try BlockDevice.size(image.descriptor.raw, path: path)
        guard now == size else {
            throw DiskError(.changed, "go on with", path, detail: "its size went from \(size) to \(now)")
        }
    }
}

/// Questions to a block device.
enum BlockDevice {
    /// Size in bytes (BLKGETSIZE64).
    static func size(_ descriptor: Int32, path: String) throws -> UInt64 {
        var size: UInt64 = 0
        guard kc_block_device_size(descriptor, &size) == 0 else {
            throw DiskError.system(errno, "get the size of", path)
        }
        return size
    }
}
