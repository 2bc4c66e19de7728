/// A record of a resume journal: ranges of whole units that are durable.
enum JournalRecord {
    private static let mark: UInt32 = 0x6b63_7231
    /// Ranges in one record.
    private static let most = 4096

    /// Records for some ranges, each with its mark, its count, the ranges and a check.
    static func encode(_ ranges: [Range<UInt64>], seal: [UInt8]) -> [[UInt8]] {
        stride(from: 0, to: ranges.count, by: most).map { first in
            let some = ranges[first..<min(first + most, ranges.count)]
            let head = mark.littleEndianBytes + UInt32(some.count).littleEndianBytes
            return CheckedBytes.seal(
                some.reduce(into: head) { $0 += $1.lowerBound.littleEndianBytes + $1.upperBound.littleEndianBytes },
                after: seal)
        }
    }

    /// The ranges of all records that are whole, joined, in order; and where the first one that isn't begins.
    static func readAll(
        _ bytes: ArraySlice<UInt8>, seal: [UInt8], size: UInt64
    ) -> (ranges: [Range<UInt64>], end: Int) {
        var found: [Range<UInt64>] = []
        var at = bytes.startIndex
        while let (ranges, next) = read(bytes[at...], seal: seal, size: size) {
            found += ranges
            at = next
        }
        var joined: [Range<UInt64>] = []
        for range in found.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = joined.last, last.upperBound >= range.lowerBound {
                joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        return (joined, at)
    }

    private static func read(
        _ bytes: ArraySlice<UInt8>, seal: [UInt8], size: UInt64
    ) -> (ranges: [Range<UInt64>], next: Int)? {
        guard bytes.count >= 8, UInt32(littleEndianBytes: bytes.prefix(4)) == mark else { return nil }
        let count = Int(UInt32(littleEndianBytes: bytes.dropFirst(4).prefix(4)))
        guard (1...most).contains(count) else { return nil }
        let next = bytes.startIndex + 8 + count * 16 + CheckedBytes.checkSize
        guard next <= bytes.endIndex, let content = CheckedBytes.open(bytes[bytes.startIndex..<next], after: seal)
        else { return nil }
        var ranges: [Range<UInt64>] = []
        for place in stride(from: 8, to: content.count, by: 16) {
            let start = UInt64(littleEndianBytes: content[place..<(place + 8)])
            let end = UInt64(littleEndianBytes: content[(place + 8)..<(place + 16)])
            guard start < end, end <= size, start % Geometry.unit64 == 0, end == size || end % Geometry.unit64 == 0
            else { return nil }
            ranges.append(start..<end)
        }
        return (ranges, next)
    }
}
