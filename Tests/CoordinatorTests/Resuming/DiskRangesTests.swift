import Simulation
import Testing

@testable import Coordinator

/// Ranges of disks that are still to come.
@Suite struct DiskRangesTests {
    @Test(
        "What agents tell is taken only where it is in order",
        arguments: [
            ([[[0, 5], [5, 9]]], true), ([[]], true), ([[[0, 0]]], false), ([[[5, 3]]], false), ([[[0]]], false),
            ([[[0, 5], [4, 9]]], false), ([[[4, 9], [0, 3]]], false),
        ] as [([[[UInt64]]], Bool)])
    func pairs(_ pairs: [[[UInt64]]], _ isGood: Bool) {
        let ranges = DiskRanges(pairs: pairs)
        #expect((ranges != nil) == isGood)
        if isGood { #expect(ranges?.pairs == pairs) }
    }

    @Test("What is in both, and in one only, is what a bit by bit comparison finds", arguments: 0..<200)
    func intersection(_ seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        func random() -> (Set<UInt64>, DiskRanges) {
            let bits = Set((UInt64(0)..<64).filter { _ in Bool.random(using: &generator) })
            var ranges: [Range<UInt64>] = []
            for bit in bits.sorted() {
                if let last = ranges.last, last.upperBound == bit {
                    ranges[ranges.count - 1] = last.lowerBound..<(bit + 1)
                } else {
                    ranges.append(bit..<(bit + 1))
                }
            }
            return (bits, DiskRanges([ranges]))
        }
        let (first, a) = random()
        let (second, b) = random()
        let both = a.intersection(b)
        #expect(Set(both.disks[0].flatMap { Array($0) }) == first.intersection(second))
        #expect(both == b.intersection(a))
        #expect(both.bytes == UInt64(first.intersection(second).count))
        let rest = a.subtracting(b)
        #expect(Set(rest.disks[0].flatMap { Array($0) }) == first.subtracting(second))
        #expect(DiskRanges(pairs: rest.pairs) == rest)
    }
}
