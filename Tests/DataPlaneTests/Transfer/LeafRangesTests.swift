import Testing

@testable import DataPlane

/// Ranges of leaves of a disk.
@Suite struct LeafRangesTests {
    private static let size: UInt64 = 5 * Geometry.unit64 + 12_345

    @Test(
        "Ranges that are no part of a disk are refused",
        arguments: [
            [1..<65_536], [0..<65_537], [0..<(200 << 20)], [0..<131_072, 65_536..<196_608],
            [65_536..<131_072, 0..<65_536],
        ] as [[Range<UInt64>]])
    func refused(_ ranges: [Range<UInt64>]) {
        #expect(throws: TransferError.self) { try LeafRanges(ranges, size: Self.size) }
    }

    @Test("Empty ranges are left out, neighbours joined, and the disk's end needs no alignment")
    func joined() throws {
        let ranges = try LeafRanges([0..<65_536, 65_536..<131_072, 200_000..<200_000], size: 131_072)
        #expect(ranges.ranges == [0..<131_072])
        let last = try LeafRanges([(Self.size - 12_345)..<Self.size], size: Self.size)
        #expect(last.bytes == 12_345 && last.leaves == 1)
    }

    @Test("Intersections, membership and units are what leaf by leaf comparison finds", arguments: 0..<100)
    func oracle(_ seed: Int) throws {
        var generator = Seeded(UInt64(seed))
        let leaves = Geometry.leaves(in: Int(Self.size))
        var ranges: [Range<UInt64>] = []
        var at = 0
        while at < leaves {
            let start = at + Int.random(in: 0...300, using: &generator)
            let end = start + Int.random(in: 1...300, using: &generator)
            guard start < leaves else { break }
            ranges.append(
                UInt64(start) * Geometry.leaf64..<min(UInt64(end) * Geometry.leaf64, Self.size))
            at = end + 1
        }
        let set = try LeafRanges(ranges, size: Self.size)
        for leaf in 0..<leaves {
            let start = UInt64(leaf) * Geometry.leaf64
            #expect(set.contains(start) == ranges.contains { $0.contains(start) })
        }
        let low = UInt64.random(in: 0..<Self.size, using: &generator)
        let window = low..<UInt64.random(in: low...Self.size, using: &generator)
        let expected = ranges.map { $0.clamped(to: window) }.filter { !$0.isEmpty }
        #expect(set.intersection(window) == expected)
        let units = set.units(size: Self.size)
        for unit in 0..<Geometry.units(in: Self.size) {
            let range = unit * Geometry.unit64..<min((unit + 1) * Geometry.unit64, Self.size)
            #expect(units.contains { $0.contains(range.lowerBound) } == ranges.contains { $0.overlaps(range) })
        }
    }

    @Test(
        "The rest of a disk is what isn't in the ranges",
        arguments: [
            ([], [0..<200_000]), ([0..<200_000], []), ([65_536..<131_072], [0..<65_536, 131_072..<200_000]),
            ([0..<65_536, 131_072..<200_000], [65_536..<131_072]),
        ] as [([Range<UInt64>], [Range<UInt64>])])
    func complement(_ ranges: [Range<UInt64>], _ rest: [Range<UInt64>]) throws {
        #expect(try LeafRanges(ranges, size: 200_000).complement(size: 200_000).ranges == rest)
    }
}
