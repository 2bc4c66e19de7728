import Simulation
import Testing

@testable import Coordinator

/// Ranges that are collected, bounded and cut into windows.
@Suite("Ranges of changes") struct RangeTests {
    private static let leaf: UInt64 = 65_536

    @Test("Within the limit ranges stay as they are, neighbours joined")
    func few() {
        var collector = RangeCollector(limit: 3)
        for range in [0..<10, 10..<20, 30..<40, 40..<40, 90..<95] as [Range<UInt64>] { collector.add(range) }
        #expect(collector.finish() == [0..<20, 30..<40, 90..<95])
    }

    @Test("Beyond it those are joined that are nearest, and none is lost", arguments: 0..<20)
    func many(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var collector = RangeCollector(limit: 10)
        var all: [Range<UInt64>] = []
        var at: UInt64 = 0
        for _ in 0..<500 {
            at += UInt64.random(in: 1...1000, using: &generator)
            let range = at..<(at + UInt64.random(in: 1...50, using: &generator))
            all.append(range)
            collector.add(range)
            #expect(collector.ranges.count <= 20)
            at = range.upperBound
        }
        let found = collector.finish()
        #expect(found.count == 10 && found.first?.lowerBound == all[0].lowerBound)
        for range in all {
            #expect(found.contains { $0.lowerBound <= range.lowerBound && range.upperBound <= $0.upperBound })
        }
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
    }

    @Test("Windows have so many leaves at most, hold everything once, and keep the disks apart")
    func windows() {
        let leaf = Self.leaf
        let ranges = DiskRanges([[0..<(5 * leaf), (7 * leaf)..<(8 * leaf)], [], [leaf..<(4 * leaf + 100)]])
        let windows = ranges.windows(leaves: 4, leaf: leaf)
        #expect(windows.count == 3)
        var rest = ranges
        for window in windows {
            let leaves = window.disks.joined().reduce(UInt64(0)) { $0 + (UInt64($1.count) + leaf - 1) / leaf }
            #expect(leaves <= 4 && window.disks.count == 3)
            #expect(window.subtracting(rest).isEmpty)
            rest = rest.subtracting(window)
        }
        #expect(rest.isEmpty)
        #expect(DiskRanges([[], []]).windows(leaves: 4, leaf: leaf).isEmpty)
    }
}
