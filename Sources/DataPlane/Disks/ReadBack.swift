import Glibc

/// Where bytes come from when they are read back after a flush.
public enum ReadBackMedium: String, Sendable {
    /// From the storage itself, past the page cache (O_DIRECT).
    case direct
    /// Perhaps from the page cache, although it was asked to drop what it held.
    case cache
}

/// A source that reads what a sink wrote, and says how near to the medium it came.
public protocol ReadBackSource: DiskSource {
    /// The worst of what was used so far; final after the last read.
    var medium: ReadBackMedium { get }
}

/// What was written to a file or device, read back.
final class DescriptorReadBack: ReadBackSource {
    let size: UInt64
    private let descriptor: OwnedDescriptor
    private let direct: DirectDescriptor?
    private let path: String
    private let hasHoles: Bool

    /// Reads the first `size` bytes of the file that `written` stands for; call it after a flush.
    init(of written: Int32, size: UInt64, path: String, hasHoles: Bool) throws {
        let copy = fcntl(written, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw DiskError.system(errno, "read back", path) }
        descriptor = OwnedDescriptor(owning: copy)
        // Clean pages are dropped here; with O_DIRECT this matters for the unaligned tail only.
        posix_fadvise(copy, 0, 0, POSIX_FADV_DONTNEED)
        direct = DirectDescriptor(of: copy, flags: O_RDONLY)
        self.size = size
        self.path = path
        self.hasHoles = hasHoles
    }

    var medium: ReadBackMedium {
        if let direct, direct.isUsable, direct.reachesMedium { .direct } else { .cache }
    }

    func extents(in range: Range<UInt64>) throws -> [Extent] {
        try DescriptorIO.check(range, in: size, "map", path: path)
        if hasHoles { return try DescriptorIO.extents(descriptor.raw, in: range, path: path) }
        return range.isEmpty ? [] : [Extent(offset: range.lowerBound, length: UInt64(range.count), isZero: false)]
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws {
        try DescriptorIO.check(offset, buffer.count, in: size, "read back", path: path)
        let done = try direct?.read(into: buffer, at: offset, path: path) ?? 0
        guard done < buffer.count else { return }
        let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
        try DescriptorIO.readAll(descriptor.raw, into: rest, at: offset + UInt64(done), path: path)
    }

    /// What is read back was just written by this process; there is no earlier state to compare with.
    func checkUnchanged() throws {}
}
