import Testing

@testable import DataPlane

@Suite struct CoverageTests {
    static let leaf = Geometry.leaf64
    static let unit = Geometry.unit64

    @Test("any order of disjoint ranges completes a disk", arguments: 0..<10)
    func complete(seed: UInt64) throws {
        var generator = Seeded(seed)
        let size = 3 * Self.unit + 5 * Self.leaf + 17
        var ranges: [Range<UInt64>] = []
        var at: UInt64 = 0
        while at < size {
            let end = min(size, at + UInt64.random(in: 1...400, using: &generator) * Self.leaf)
            ranges.append(at..<end)
            at = end
        }
        var coverage = Coverage(disk: 0, size: size)
        for range in ranges.shuffled(using: &generator) {
            #expect(!coverage.isComplete)
            _ = try coverage.take(offset: range.lowerBound, length: range.upperBound - range.lowerBound)
        }
        #expect(coverage.isComplete)
        for range in ranges {
            #expect(try coverage.take(offset: range.lowerBound, length: UInt64(range.count)).isEmpty)
        }
    }

    @Test("of a range that came before only the new parts are taken, and what is missing is told")
    func taken() throws {
        var coverage = Coverage(disk: 1, size: 4 * Self.unit + 5)
        #expect(coverage.missing(limit: 10) == [0..<(4 * Self.unit + 5)])
        let third = Self.unit + 3 * Self.leaf
        #expect(try coverage.take(offset: third, length: Self.leaf) == [third..<(third + Self.leaf)])
        #expect(
            try coverage.take(offset: Self.unit, length: 16 * Self.leaf)
                == [Self.unit..<third, (third + Self.leaf)..<(Self.unit + 16 * Self.leaf)])
        #expect(
            coverage.missing(limit: 10) == [0..<Self.unit, (Self.unit + 16 * Self.leaf)..<(4 * Self.unit + 5)])
        #expect(try coverage.take(offset: 4 * Self.unit, length: 5) == [(4 * Self.unit)..<(4 * Self.unit + 5)])
        #expect(
            try coverage.take(offset: 0, length: 3 * Self.unit)
                == [0..<Self.unit, (Self.unit + 16 * Self.leaf)..<(3 * Self.unit)])
        #expect(coverage.missing(limit: 10) == [(3 * Self.unit)..<(4 * Self.unit)])
        #expect(coverage.bytes == 3 * Self.unit + 5)
    }

    @Test("units are told when the last of their bytes is written, in whatever order", arguments: 0..<10)
    func landing(seed: UInt64) {
        var generator = Seeded(seed)
        let size = 5 * Self.unit + 3 * Self.leaf + 1
        var ranges: [Range<UInt64>] = []
        var at: UInt64 = 0
        while at < size {
            let end = min(size, at + UInt64.random(in: 1...700, using: &generator) * Self.leaf)
            ranges.append(at..<end)
            at = end
        }
        var coverage = Coverage(disk: 0, size: size)
        var written = Set<UInt64>()
        var told = Set<UInt64>()
        for range in ranges.shuffled(using: &generator) {
            for leaf in stride(from: range.lowerBound, to: range.upperBound, by: Int(Self.leaf)) {
                written.insert(leaf)
            }
            let units = coverage.land(offset: range.lowerBound, length: range.upperBound - range.lowerBound) ?? 0..<0
            for start in stride(from: units.lowerBound, to: units.upperBound, by: Int(Self.unit)) {
                #expect(start % Self.unit == 0 && told.insert(start).inserted)
                let end = min(start + Self.unit, size)
                #expect(stride(from: start, to: end, by: Int(Self.leaf)).allSatisfy { written.contains($0) })
            }
        }
        #expect(told.count == 6)
    }

    @Test("an empty disk is complete; units in work are bounded")
    func bounds() throws {
        #expect(Coverage(disk: 0, size: 0).isComplete)
        var coverage = Coverage(disk: 0, size: 2000 * Self.unit)
        for unit in 0..<UInt64(Coverage.maxOpenUnits) {
            _ = try coverage.take(offset: unit * Self.unit, length: Self.leaf)
        }
        #expect(throws: FrameError.tooScattered(disk: 0)) {
            _ = try coverage.take(offset: 1500 * Self.unit, length: Self.leaf)
        }
    }

    @Test("What is there from the beginning may make any number of units partial, and what arrives still can't")
    func keeping() throws {
        let units = UInt64(Coverage.maxOpenUnits) * 2
        var coverage = Coverage(disk: 0, size: units * Self.unit)
        for unit in 0..<units {
            let range = (unit * Self.unit + Self.leaf)..<((unit + 1) * Self.unit)
            #expect(try coverage.keep(range) == [range])
        }
        #expect(coverage.bytes == units * (Self.unit - Self.leaf))
        #expect(coverage.missing(limit: .max).count == Int(units))
        for unit in 0..<units { _ = try coverage.take(offset: unit * Self.unit, length: Self.leaf) }
        #expect(coverage.isComplete)
    }
}
