import CLinux
import Glibc
import Synchronization

/// A fixed number of frame buffers in one block of memory, touched once at the start: the memory limit of whatever
/// leases from it.
///
/// A buffer has room for a frame's payload at a 4096-byte boundary, for headers in front of it, and for the tag behind.
public final class BufferPool: @unchecked Sendable {
    // @unchecked: the block's address is set in init only; who may write where is what leases are for.

    /// Bytes in front of a payload: the header, and before it room for a zero frame.
    static let lead = 4096
    private static let stride = lead + Geometry.maxFrame + 4096

    /// Number of buffers.
    public let count: Int
    private let block: UnsafeMutableRawPointer
    private let free: Mutex<[Int]>

    /// Maps and touches `count` buffers of a bit over 1 MiB each.
    public init(count: Int) throws(TransferError) {
        self.count = count
        let length = max(1, count) * Self.stride
        let mapped = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let mapped, mapped != MAP_FAILED else {
            throw TransferError(.resources, "could not map \(length) bytes for buffers: \(errnoText())")
        }
        madvise(mapped, length, MADV_HUGEPAGE)
        kc_touch(mapped, length)
        block = mapped
        free = Mutex(Array(0..<count))
    }

    deinit { munmap(block, max(1, count) * Self.stride) }

    /// A buffer for as long as the value lives. Throws when all are out: it never waits.
    func lease() throws(TransferError) -> PooledBuffer {
        guard let index = free.withLock({ $0.popLast() }) else {
            throw TransferError(.resources, "all \(count) buffers are in use")
        }
        return PooledBuffer(pool: self, index: index, payload: block + index * Self.stride + Self.lead)
    }

    fileprivate func giveBack(_ index: Int) { free.withLock { $0.append(index) } }
}

/// One leased buffer. It goes back to its pool when the value ends.
struct PooledBuffer: ~Copyable {
    private let pool: BufferPool
    private let index: Int
    /// Where a payload lies: 4096-aligned, `Geometry.maxFrame` bytes and room for a tag; `BufferPool.lead` bytes before
    /// it are free for headers.
    let payload: UnsafeMutableRawPointer

    fileprivate init(pool: BufferPool, index: Int, payload: UnsafeMutableRawPointer) {
        self.pool = pool
        self.index = index
        self.payload = payload
    }

    /// Where the header of a frame lies whose payload is at `payload`.
    var frame: UnsafeMutableRawPointer { payload - FrameHeader.encodedSize }

    deinit { pool.giveBack(index) }
}
