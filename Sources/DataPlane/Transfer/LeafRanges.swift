/// Ranges of a disk, in order and apart from each other, that begin at leaves and end at leaves or with the disk.
public struct LeafRanges: Sendable, Equatable {
    /// The ranges; none is empty.
    public private(set) var ranges: [Range<UInt64>]

    /// No range.
    public init() { ranges = [] }

    /// Takes ranges of a disk of `size` bytes. Throws when they aren't in order, overlap, don't begin and end at leaves, or
    /// reach beyond the disk's end. Empty ones are left out, neighbours joined.
    public init(_ ranges: [Range<UInt64>], size: UInt64) throws(TransferError) {
        self.ranges = []
        for range in ranges where !range.isEmpty {
            let isAligned = range.upperBound == size || range.upperBound % Geometry.leaf64 == 0
            guard range.upperBound <= size, isAligned, range.lowerBound % Geometry.leaf64 == 0,
                range.lowerBound >= self.ranges.last?.upperBound ?? 0
            else {
                throw TransferError(.resources, "\(range.lowerBound)..<\(range.upperBound) is no range of the disk")
            }
            append(range)
        }
    }

    /// Adds a range behind all others.
    mutating func append(_ range: Range<UInt64>) {
        if let last = ranges.last, last.upperBound == range.lowerBound {
            ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
        } else {
            ranges.append(range)
        }
    }

    /// Bytes of all ranges.
    public var bytes: UInt64 { ranges.reduce(0) { $0 + UInt64($1.count) } }

    /// Number of leaves in all ranges; the last one of a disk may be partial.
    public var leaves: UInt64 {
        ranges.reduce(0) { $0 + (UInt64($1.count) + Geometry.leaf64 - 1) / Geometry.leaf64 }
    }

    /// What isn't in it, of a disk of `size` bytes.
    public func complement(size: UInt64) -> LeafRanges {
        var rest = LeafRanges()
        var at: UInt64 = 0
        for range in ranges {
            if at < range.lowerBound { rest.append(at..<range.lowerBound) }
            at = range.upperBound
        }
        if at < size { rest.append(at..<size) }
        return rest
    }

    /// What of `range` is in it.
    func intersection(_ range: Range<UInt64>) -> [Range<UInt64>] {
        var found: [Range<UInt64>] = []
        var place = firstPlace(endingAfter: range.lowerBound)
        while place < ranges.count, ranges[place].lowerBound < range.upperBound {
            found.append(ranges[place].clamped(to: range))
            place += 1
        }
        return found
    }

    /// The same within `range` only.
    func clipped(to range: Range<UInt64>) -> LeafRanges {
        var result = LeafRanges()
        result.ranges = intersection(range)
        return result
    }

    /// Whether the leaf that begins there is in it.
    func contains(_ offset: UInt64) -> Bool {
        let place = firstPlace(endingAfter: offset)
        return place < ranges.count && ranges[place].contains(offset)
    }

    /// The units that any of it lies in, as ranges, of a disk of `size` bytes.
    func units(size: UInt64) -> [Range<UInt64>] {
        var result = LeafRanges()
        for range in ranges {
            let start = max(range.lowerBound - range.lowerBound % Geometry.unit64, result.ranges.last?.upperBound ?? 0)
            let rest = range.upperBound % Geometry.unit64
            let end = min(size, rest == 0 ? range.upperBound : range.upperBound - rest + Geometry.unit64)
            if start < end { result.append(start..<end) }
        }
        return result.ranges
    }

    private func firstPlace(endingAfter offset: UInt64) -> Int {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
