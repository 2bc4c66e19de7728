/// A record of a resume journal: ranges of whole units that are durable, or are so no more.
enum JournalRecord {
    /// What a record says of its ranges.
    enum Kind: UInt32 {
        case durable = 0x6b63_7231
        case revoked = 0x6b63_7232
    }

    /// Ranges in one record.
    private static let most = 4096

    /// Records for some ranges, each with its mark, its count, the ranges and a check.
    static func encode(_ ranges: [Range<UInt64>], _ kind: Kind = .durable, seal: [UInt8]) -> [[UInt8]] {
        stride(from: 0, to: ranges.count, by: most).map { first in
            let some = ranges[first..<min(first + most, ranges.count)]
            let head = kind.rawValue.littleEndianBytes + UInt32(some.count).littleEndianBytes
            return CheckedBytes.seal(
                some.reduce(into: head) { $0 += $1.lowerBound.littleEndianBytes + $1.upperBound.littleEndianBytes },
                after: seal)
        }
    }

    /// What is durable by all records that are whole, joined, in order; and where the first one that isn't begins.
    static func readAll(
        _ bytes: ArraySlice<UInt8>, seal: [UInt8], size: UInt64
    ) -> (ranges: [Range<UInt64>], end: Int) {
        var found: [Range<UInt64>] = []
        var at = bytes.startIndex
        while let (kind, ranges, next) = read(bytes[at...], seal: seal, size: size) {
            switch kind {
            case .durable: found += ranges
            case .revoked: for range in ranges { found = found.flatMap { $0.subtracting(range) } }
            }
            at = next
        }
        return (joined(found), at)
    }

    private static func joined(_ found: [Range<UInt64>]) -> [Range<UInt64>] {
        var joined: [Range<UInt64>] = []
        for range in found.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = joined.last, last.upperBound >= range.lowerBound {
                joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        return joined
    }

    private static func read(
        _ bytes: ArraySlice<UInt8>, seal: [UInt8], size: UInt64
    ) -> (kind: Kind, ranges: [Range<UInt64>], next: Int)? {
        guard bytes.count >= 8, let kind = Kind(rawValue: UInt32(littleEndianBytes: bytes.prefix(4))) else {
            return nil
        }
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
        return (kind, ranges, next)
    }
}

extension Range<UInt64> {
    /// What is left of it without another one: none, one or two ranges.
    fileprivate func subtracting(_ other: Range<UInt64>) -> [Range<UInt64>] {
        guard overlaps(other) else { return [self] }
        return [
            lowerBound..<Swift.max(lowerBound, other.lowerBound), Swift.min(upperBound, other.upperBound)..<upperBound,
        ]
        .filter { !$0.isEmpty }
    }
}
