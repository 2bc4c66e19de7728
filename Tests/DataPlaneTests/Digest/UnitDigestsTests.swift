import Testing

@testable import DataPlane

/// Digests by which two disks are compared.
@Suite struct UnitDigestsTests {
    private static let unit = Geometry.unit
    /// Two whole units, one that is all zeros, and a part of one.
    private static let size = 3 * unit + 5 * Geometry.leaf + 1000

    private static func bytes() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size)
        for at in [0, unit - 1, 3 * unit + 10, size - 1] { bytes[at] = 7 }
        for at in stride(from: unit, to: unit + 40 * Geometry.leaf, by: 512) { bytes[at] = UInt8(at % 251) }
        return bytes
    }

    private static func digests(_ bytes: [UInt8], _ units: Range<UInt64> = 0..<4) throws -> UnitDigests {
        try UnitDigests.of(MemoryDisk(bytes), units: units) { false }
    }

    @Test("they say which leaf of which unit is another one, whoever asks for which units at once")
    func finds() throws {
        let before = try Self.digests(Self.bytes())
        #expect(before.units.count == 4)
        for (unit, leaf) in [(0, 3), (1, 255), (2, 0), (3, 5)] {
            var changed = Self.bytes()
            changed[unit * Self.unit + leaf * Geometry.leaf + 999] ^= 1
            let after = try Self.digests(changed)
            let others = try Self.digests(changed, UInt64(unit)..<UInt64(unit + 1))
            for place in 0..<4 {
                #expect((after.units[place].digest == before.units[place].digest) == (place != unit))
            }
            #expect(others.units[0].digest == after.units[unit].digest)
            let (one, other) = (try before.leaves(of: unit), try after.leaves(of: unit))
            let differing = stride(from: 0, to: one.count, by: 32).filter {
                one[$0..<($0 + 32)] != other[$0..<($0 + 32)]
            }
            #expect(differing == [leaf * 32])
        }
    }

    @Test("a unit of zeros isn't read, and has the digests of zeros that were read")
    func zeros() throws {
        let known = try Self.digests(Self.bytes(), 2..<3)
        #expect(known.dataBytes == 0)
        let read = try UnitDigests.of(
            MemoryDisk(Self.bytes(), granule: UInt64(Self.size)), units: 2..<3
        ) { false }
        #expect(read.units[0].digest == known.units[0].digest)
        #expect(try read.leaves(of: 0) == known.leaves(of: 0))
        #expect(try known.leaves(of: 0).count == Geometry.leavesPerUnit * 32)
    }

    @Test("the last leaf ends with the disk")
    func tail() throws {
        #expect(try Self.digests(Self.bytes(), 3..<4).leaves(of: 0).count == 6 * 32)
    }

    @Test("units that the disk hasn't are refused", arguments: [0..<0, 4..<5, 3..<5] as [Range<UInt64>])
    func refuses(_ units: Range<UInt64>) {
        #expect(throws: TransferError.self) { try Self.digests(Self.bytes(), units) }
    }

    @Test("a disk that can't be read is an error, and no digest")
    func unreadable() {
        let disk = MemoryDisk(Self.bytes(), beforeRead: { if $0 >= UInt64(Self.unit) { throw DiskFault() } })
        #expect(throws: TransferError.self) { try UnitDigests.of(disk, units: 0..<4) { false } }
    }

    @Test("cancelled, they end with that")
    func cancelled() {
        #expect {
            try UnitDigests.of(MemoryDisk(Self.bytes()), units: 0..<4) { true }
        } throws: {
            ($0 as? TransferError)?.kind == .cancelled
        }
    }
}
