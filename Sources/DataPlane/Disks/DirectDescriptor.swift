import CLinux
import Glibc
import Synchronization

/// A second descriptor of an open file that bypasses the page cache (O_DIRECT), where the file system has that.
///
/// Only whole blocks of `alignment` bytes in aligned memory go through it; the rest is for the buffered one.
final class DirectDescriptor: Sendable {
    /// Enough for every block size that Linux file systems and devices have in common use.
    static let alignment = 4096

    private let descriptor: OwnedDescriptor
    private let usable = Atomic<Bool>(true)
    /// False for file systems whose page cache is the medium.
    let reachesMedium: Bool

    /// Nil when the file system refuses O_DIRECT, or /proc is not there.
    init?(of open: Int32, flags: Int32) {
        let direct = kc_reopen(open, flags | kc_o_direct)
        guard direct >= 0 else { return nil }
        descriptor = OwnedDescriptor(owning: direct)
        reachesMedium = !kc_is_memory_file_system(direct)
    }

    var isUsable: Bool { usable.load(ordering: .relaxed) }

    /// How many of `count` bytes at this address and offset can go directly: whole blocks from the start, or none.
    private func directCount(_ address: UnsafeRawPointer, _ count: Int, at offset: UInt64) -> Int {
        let mask = Self.alignment - 1
        guard isUsable, Int(bitPattern: address) & mask == 0, Int(truncatingIfNeeded: offset) & mask == 0 else {
            return 0
        }
        return count & ~mask
    }

    /// Writes as many whole blocks as can go directly, and returns their bytes.
    func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64, path: String) throws -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        return try transfer(directCount(base, buffer.count, at: offset), "write", at: offset, path: path) {
            done, left in
            pwrite(descriptor.raw, base + done, left, off_t(offset) + off_t(done))
        }
    }

    /// Reads as many whole blocks as can come directly, and returns their bytes.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64, path: String) throws -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        return try transfer(directCount(base, buffer.count, at: offset), "read", at: offset, path: path) { done, left in
            pread(descriptor.raw, base + done, left, off_t(offset) + off_t(done))
        }
    }

    @inline(__always)
    private func transfer(
        _ total: Int, _ operation: String, at offset: UInt64, path: String, _ call: (Int, Int) -> Int
    ) throws -> Int {
        var done = 0
        while done < total {
            let count = call(done, total - done)
            if count > 0 {
                done += count
                // After part of a block only the buffered descriptor can go on.
                if count & (Self.alignment - 1) != 0 { return done }
            } else if count == 0 {
                return done
            } else if errno == EINVAL {
                // Refused at the first use instead of at open, or a larger block size than ours: never tried again.
                usable.store(false, ordering: .relaxed)
                return done
            } else if errno != EINTR {
                throw DiskError.system(errno, operation, path, offset: offset + UInt64(done))
            }
        }
        return done
    }
}
