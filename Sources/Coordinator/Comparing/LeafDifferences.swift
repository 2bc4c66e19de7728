import AgentProtocol

/// Where two disks differ, from the digests of their leaves.
enum LeafDifferences {
    /// The leaves of a unit in which two disks differ, as ranges of bytes, neighbours joined; nil when the digests aren't
    /// those of all leaves that both disks have there.
    ///
    /// - Parameters:
    ///   - unit: its number in the disks.
    ///   - size: bytes of the shorter disk. A leaf that ends with it is the other disk's only when both end there.
    ///   - one, other: digests of the unit's leaves, in order. What the longer disk has beyond `size` is left out.
    static func ranges(unit: UInt64, size: UInt64, _ one: [UInt8], _ other: [UInt8]) -> [Range<UInt64>]? {
        let start = unit * HashUnits.unit
        guard start < size else { return nil }
        let length = min(HashUnits.unit, size - start)
        let leaves = Int((length + HashUnits.leaf - 1) / HashUnits.leaf)
        guard min(one.count, other.count) == leaves * HashUnits.digest else { return nil }
        var ranges: [Range<UInt64>] = []
        for leaf in 0..<leaves {
            let place = (leaf * HashUnits.digest)..<((leaf + 1) * HashUnits.digest)
            guard one[place] != other[place] else { continue }
            let first = start + UInt64(leaf) * HashUnits.leaf
            let range = first..<min(first + HashUnits.leaf, start + length)
            if let last = ranges.last, last.upperBound == range.lowerBound {
                ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
            } else {
                ranges.append(range)
            }
        }
        return ranges
    }
}
