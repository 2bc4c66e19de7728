import CLinux
import Glibc

/// Loops around positioned reads and writes. They allocate nothing unless they fail.
enum DescriptorIO {
    /// Fills `buffer` from `offset`; an end of file before that is an error at the offset where it was met.
    static func readAll(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64, path: String
    )
        throws
    {
        guard let base = buffer.baseAddress else { return }
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, base + done, buffer.count - done, off_t(offset) + off_t(done))
            if count > 0 {
                done += count
            } else if count == 0 {
                throw DiskError(.shortRead, "read", path, offset: offset + UInt64(done), detail: "the data ends here")
            } else if errno != EINTR {
                throw DiskError.system(errno, "read", path, offset: offset + UInt64(done))
            }
        }
    }

    /// Writes all of `buffer` at `offset`.
    static func writeAll(_ descriptor: Int32, _ buffer: UnsafeRawBufferPointer, at offset: UInt64, path: String) throws
    {
        guard let base = buffer.baseAddress else { return }
        var done = 0
        while done < buffer.count {
            let count = pwrite(descriptor, base + done, buffer.count - done, off_t(offset) + off_t(done))
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                // A write of some bytes that writes none tells no cause; EIO is the honest name.
                throw DiskError.system(count == 0 ? EIO : errno, "write", path, offset: offset + UInt64(done))
            }
        }
    }

    /// Throws unless `count` bytes at `offset` lie inside a disk of `size` bytes.
    static func check(_ offset: UInt64, _ count: Int, in size: UInt64, _ operation: String, path: String) throws {
        guard offset <= size, UInt64(count) <= size - offset else {
            throw DiskError(
                .outOfRange, operation, path, offset: offset, detail: "\(count) bytes don't fit in a disk of \(size)")
        }
    }

    /// Throws unless `range` lies inside a disk of `size` bytes.
    static func check(_ range: Range<UInt64>, in size: UInt64, _ operation: String, path: String) throws {
        guard range.upperBound <= size else {
            throw DiskError(
                .outOfRange, operation, path, offset: range.lowerBound,
                detail: "the range ends at \(range.upperBound), the disk at \(size)")
        }
    }

    /// A limit on the extents of one answer, so that a file of many small holes can't take much memory.
    static let extentLimit = 65_536

    /// The data and holes of a file, as the file system tells them (SEEK_DATA, SEEK_HOLE).
    ///
    /// After `extentLimit` extents the rest of the range is told as one that may hold data, which is always true.
    static func extents(_ descriptor: Int32, in range: Range<UInt64>, path: String) throws -> [Extent] {
        var extents: [Extent] = []
        var position = range.lowerBound
        func append(until end: UInt64, isZero: Bool) {
            let end = min(end, range.upperBound)
            guard end > position else { return }
            extents.append(Extent(offset: position, length: end - position, isZero: isZero))
            position = end
        }
        while position < range.upperBound {
            if extents.count >= extentLimit {
                append(until: range.upperBound, isZero: false)
                break
            }
            let data = kc_seek_data(descriptor, off_t(position))
            if data < 0 {
                guard errno == ENXIO else { throw DiskError.system(errno, "map", path, offset: position) }
                append(until: range.upperBound, isZero: true)
                break
            }
            append(until: UInt64(data), isZero: true)
            guard position < range.upperBound else { break }
            let hole = kc_seek_hole(descriptor, off_t(position))
            if hole < 0 {
                guard errno == ENXIO else { throw DiskError.system(errno, "map", path, offset: position) }
                // The file became shorter; reading will say where.
                append(until: range.upperBound, isZero: false)
                break
            }
            // A hole where data was told a moment ago means a change in between: told as data.
            append(until: max(UInt64(hole), position + 1), isZero: false)
        }
        return extents
    }
}
