import CLinux
import Glibc

/// A block device that a disk is written to. What lies behind the disk's size stays as it is.
public final class BlockSink: DiskSink {
    /// Bytes of the disk, at most those of the device.
    public let size: UInt64
    private let descriptor: OwnedDescriptor
    private let direct: DirectDescriptor?
    private let state: WriteState
    private let path: String

    /// Opens the device for itself alone (O_EXCL: refused while it is mounted or part of something else).
    ///
    /// - Parameter size: bytes of the disk, at most those of the device.
    public init(_ device: ResolvedDevice, size: UInt64) throws {
        let descriptor = try device.open(flags: O_RDWR | O_EXCL)
        let available = try BlockDevice.size(descriptor.raw, path: device.path)
        guard size <= available else {
            throw DiskError(.tooSmall, "write", device.path, detail: "it has \(available) bytes, the disk \(size)")
        }
        direct = DirectDescriptor(of: descriptor.raw, flags: O_RDWR)
        state = WriteState(size: 0)
        self.descriptor = descriptor
        self.size = size
        path = device.path
    }

    /// Writes past the page cache what is aligned, the rest through it.
    public func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws {
        try DescriptorIO.check(offset, buffer.count, in: size, "write", path: path)
        let done = try direct?.write(buffer, at: offset, path: path) ?? 0
        guard done < buffer.count else { return }
        let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
        try DescriptorIO.writeAll(descriptor.raw, rest, at: offset + UInt64(done), path: path)
    }

    /// BLKZEROOUT, in steps so that a signal is not kept waiting for all of a slow disk. Never BLKDISCARD: what a
    /// device returns after a discard is its own choice.
    public func zero(_ range: Range<UInt64>) throws {
        try DescriptorIO.check(range, in: size, "zero", path: path)
        let sector: UInt64 = 512
        let step: UInt64 = 256 << 20
        let first = min((range.lowerBound + sector - 1) / sector * sector, range.upperBound)
        let last = max(range.upperBound / sector * sector, first)
        try ZeroBlock.write(descriptor.raw, range.lowerBound..<first, path: path)
        var offset = first
        while offset < last {
            let length = min(step, last - offset)
            if kc_block_device_zero(descriptor.raw, offset, length) != 0 {
                if errno == EINTR { continue }
                throw DiskError.system(errno, "zero", path, offset: offset)
            }
            offset += length
        }
        try ZeroBlock.write(descriptor.raw, last..<range.upperBound, path: path)
    }

    /// Flushes the page cache and the device's own.
    public func flush() throws {
        try state.flush {
            guard fsync(descriptor.raw) == 0 else { throw DiskError.system(errno, "flush", path) }
        }
    }

    /// Reads past the page cache where the device allows that; a `ReadBackSource`.
    public func readBack() throws -> any ReadBackSource {
        try DescriptorReadBack(of: descriptor.raw, size: size, path: path, hasHoles: false)
    }
}
