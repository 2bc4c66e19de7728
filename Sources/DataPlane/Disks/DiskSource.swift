/// A run of bytes of a disk that is known to read as zeros, or that may hold data.
public struct Extent: Sendable, Equatable {
    /// Offset of the first byte.
    public var offset: UInt64
    /// Number of bytes, never 0.
    public var length: UInt64
    /// True only when every byte is known to read as zero.
    public var isZero: Bool

    /// An extent with all its parts.
    public init(offset: UInt64, length: UInt64, isZero: Bool) {
        self.offset = offset
        self.length = length
        self.isZero = isZero
    }
}

/// Where the bytes of one disk come from: a file, a block device, or an NBD export.
///
/// Every call blocks; call it from a thread of your own. Calls may come from several threads at once.
public protocol DiskSource: Sendable {
    /// Size in bytes; it does not change while the source is open.
    var size: UInt64 { get }

    /// The extents that cover `range`, in order, without gaps, clipped to it. Neighbours may be of the same kind.
    func extents(in range: Range<UInt64>) throws -> [Extent]

    /// Fills `buffer` from `offset`. Reads that the medium can't serve throw with the offset; nothing is zero-filled.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws

    /// Throws when the source is not what it was when it was opened (size, modification time, change time).
    func checkUnchanged() throws
}

/// Where the bytes of one disk go.
///
/// Every call blocks; call it from a thread of your own. Calls may come from several threads at once for
/// ranges that don't overlap.
public protocol DiskSink: Sendable {
    /// Size in bytes.
    var size: UInt64 { get }

    /// Writes all of `buffer` at `offset`. Aligned buffers and offsets (4096) may bypass the page cache.
    func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws

    /// Makes `range` read as zeros. On a sink that is known to be empty this may do nothing.
    func zero(_ range: Range<UInt64>) throws

    /// Makes everything that was written durable. A failed flush fails the sink for good.
    func flush() throws

    /// Opens what was written for reading back, from the medium and not from the page cache where that can be done.
    /// Call it after `flush`.
    func readBack() throws -> any ReadBackSource

    /// Ends whatever serves the disk to this process and has its image locked, and waits for that. What was flushed is in
    /// it. Nothing is written or read back any more.
    func end()
}

extension DiskSink {
    /// Files and devices are served by nobody.
    public func end() {}
}
