import CLinux
import Glibc

/// A regular file that a disk is written to, past the page cache where that is possible.
public final class FileSink: DiskSink {
    /// Bytes of the disk.
    public let size: UInt64
    private let file: TemporaryFile
    private let direct: DirectDescriptor?
    private let state: WriteState
    private let startsEmpty: Bool

    private var descriptor: Int32 { file.descriptor.raw }

    /// Writes a disk of `size` bytes to a file under its temporary name.
    ///
    /// A file that `PoolRoot` just created is known to be empty: what was never written there needs no zeroing. One
    /// that was opened again, to go on with, is not.
    public init(_ file: TemporaryFile, size: UInt64) throws {
        guard size <= UInt64(Int64.max) else {
            throw DiskError(.noSpace, "make", file.path, detail: "\(size) bytes are more than a file can have")
        }
        while ftruncate(file.descriptor.raw, off_t(size)) != 0 {
            if errno != EINTR { throw DiskError.system(errno, "make", file.path) }
        }
        self.file = file
        self.size = size
        startsEmpty = file.isNew
        direct = DirectDescriptor(of: file.descriptor.raw, flags: O_RDWR)
        state = WriteState(size: size)
    }

    /// Writes past the page cache what is aligned, the rest through it.
    public func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws {
        try DescriptorIO.check(offset, buffer.count, in: size, "write", path: file.path)
        state.markWritten(offset, buffer.count)
        let done = try direct?.write(buffer, at: offset, path: file.path) ?? 0
        guard done < buffer.count else { return }
        let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
        try DescriptorIO.writeAll(descriptor, rest, at: offset + UInt64(done), path: file.path)
    }

    /// Frees the storage of what was written; does nothing where a new file was not written yet.
    public func zero(_ range: Range<UInt64>) throws {
        try DescriptorIO.check(range, in: size, "zero", path: file.path)
        guard !range.isEmpty, !startsEmpty || state.mayBeWritten(range) else { return }
        while kc_punch_hole(descriptor, off_t(range.lowerBound), off_t(range.count)) != 0 {
            switch errno {
            case EINTR: continue
            case EOPNOTSUPP, ENOSYS: return try ZeroBlock.write(descriptor, range, path: file.path)
            default: throw DiskError.system(errno, "zero", file.path, offset: range.lowerBound)
            }
        }
    }

    /// Data and what is needed to find it again become durable; times and owner do when the file is published.
    public func flush() throws {
        try state.flush {
            guard fdatasync(descriptor) == 0 else { throw DiskError.system(errno, "flush", file.path) }
        }
    }

    /// Reads past the page cache where the file system allows that; a `ReadBackSource`.
    public func readBack() throws -> any ReadBackSource {
        try DescriptorReadBack(of: descriptor, size: size, path: file.path, hasHoles: true)
    }
}
