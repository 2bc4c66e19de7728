import AgentProtocol
import Testing

@testable import Coordinator

@Suite struct LeafDifferencesTests {
    private static let leaf = HashUnits.leaf

    private static func digests(_ leaves: [UInt8]) -> [UInt8] {
        leaves.flatMap { [UInt8](repeating: $0, count: HashUnits.digest) }
    }

    @Test("neighbours that differ are one range, and the last leaf ends with the shorter disk")
    func ranges() {
        let start = 2 * HashUnits.unit
        let size = start + 4 * Self.leaf + 7
        let one = Self.digests([1, 2, 3, 4, 5])
        #expect(LeafDifferences.ranges(unit: 2, size: size, one, one) == [])
        #expect(
            LeafDifferences.ranges(unit: 2, size: size, one, Self.digests([1, 9, 9, 4, 9]))
                == [(start + Self.leaf)..<(start + 3 * Self.leaf), (start + 4 * Self.leaf)..<size])
    }

    @Test("digests of a longer disk count only as far as the shorter one goes")
    func longer() {
        let size = 2 * Self.leaf
        #expect(
            LeafDifferences.ranges(unit: 0, size: size, Self.digests([1, 2]), Self.digests([1, 2, 3, 4])) == [])
    }

    @Test(
        "digests that aren't those of all leaves tell nothing", arguments: [(0, 2), (2, 0), (1, 2), (3, 3)])
    func tooFew(_ counts: (Int, Int)) {
        let one = Self.digests([UInt8](repeating: 1, count: counts.0))
        let other = Self.digests([UInt8](repeating: 1, count: counts.1))
        #expect(LeafDifferences.ranges(unit: 0, size: 2 * Self.leaf, one, other) == nil)
        #expect(LeafDifferences.ranges(unit: 1, size: 2 * Self.leaf, one, other) == nil)
    }
}
