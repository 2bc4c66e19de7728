/// The guest-visible bytes of a disk, read through an NBD server.
public final class NBDSource: DiskSource {
    /// Bytes that the guest sees.
    public let size: UInt64
    private let client: NBDClient
    private let watches: [FileWatch]
    /// What has to live as long as the source, such as the server.
    private let keeping: (any Sendable)?

    /// - Parameters:
    ///   - client: connected to the export.
    ///   - watches: the images behind the export, for `checkUnchanged`.
    ///   - keeping: what has to live as long as the source.
    public init(_ client: NBDClient, watches: [FileWatch] = [], keeping: (any Sendable)? = nil) {
        self.client = client
        self.watches = watches
        self.keeping = keeping
        size = client.export.size
    }

    /// Zero extents as the server tells them (`base:allocation`); all of it may hold data where it tells nothing.
    public func extents(in range: Range<UInt64>) throws -> [Extent] {
        try DescriptorIO.check(range, in: size, "map", path: client.describedExport)
        var extents: [Extent] = []
        var position = range.lowerBound
        func append(_ length: UInt64, isZero: Bool) {
            if let last = extents.last, last.isZero == isZero {
                extents[extents.count - 1].length += length
            } else {
                extents.append(Extent(offset: position, length: length, isZero: isZero))
            }
            position += length
        }
        let hasStatus = client.export.contexts[NBDClient.allocationContext] != nil
        var runsLeft = DescriptorIO.extentLimit
        while position < range.upperBound {
            // Past the limit the rest is told as data, which is always true: neither memory nor time run away.
            guard hasStatus, runsLeft > 0 else {
                append(range.upperBound - position, isZero: false)
                break
            }
            for run in try client.blockStatus(
                in: position..<range.upperBound, context: NBDClient.allocationContext)
            {
                append(run.length, isZero: run.flags & 2 != 0)
                runsLeft -= 1
            }
        }
        return extents
    }

    /// The leaves of `range` of which a dirty bitmap says that something in them was written, at most `limit` ranges; and the
    /// byte up to which that is all of them. Throws when the server has no such bitmap.
    ///
    /// - Parameter bitmap: its name, as the server exports it.
    public func dirty(in range: Range<UInt64>, bitmap: String, limit: Int) throws -> (LeafRanges, end: UInt64) {
        try DescriptorIO.check(range, in: size, "map", path: client.describedExport)
        var dirty = LeafRanges()
        var at = range.lowerBound
        while at < range.upperBound {
            for run in try client.blockStatus(in: at..<range.upperBound, context: Self.context(of: bitmap)) {
                at = run.offset + run.length
                guard run.flags & 1 != 0 else { continue }
                let leaf = Geometry.leaf64
                let first = max(run.offset / leaf * leaf, dirty.ranges.last?.upperBound ?? 0)
                let last = min(size, (at + leaf - 1) / leaf * leaf)
                if first < last { dirty.append(first..<last) }
                if dirty.ranges.count >= limit { return (dirty, max(at, last)) }
            }
        }
        return (dirty, range.upperBound)
    }

    /// The metadata context of a dirty bitmap.
    public static func context(of bitmap: String) -> String { "qemu:dirty-bitmap:\(bitmap)" }

    /// Reads from the server.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws {
        try client.read(into: buffer, at: offset)
    }

    /// Ends all connections at once, from any thread; calls that wait fail with `NBDError.Kind.cancelled`.
    public func cancel() { client.cancel() }

    /// Compares every image that is watched with its state at the start.
    public func checkUnchanged() throws {
        for watch in watches { try watch.check() }
    }
}
