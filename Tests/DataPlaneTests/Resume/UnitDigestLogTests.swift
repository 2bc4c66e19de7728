import Testing

@testable import DataPlane

/// Digests of a source's units that are kept for a later run.
@Suite struct UnitDigestLogTests {
    private let folder: TestFolder
    private let size = 4 * Geometry.unit64

    init() throws { folder = try TestFolder() }

    private func open(_ generation: [UInt8] = [1], size: UInt64? = nil) throws -> UnitDigestLog {
        try UnitDigestLog(path: folder.file("log"), generation: generation, size: size ?? self.size)
    }

    private func digest(_ number: UInt8) throws -> Digest256 { try SHA256().digest([number]) }

    @Test("What was added is known in the next run")
    func roundTrip() throws {
        let log = try open()
        #expect(log.known.isEmpty)
        for unit in [2, 0] as [UInt64] { try log.add(unit: unit, digest(UInt8(unit))) }
        #expect(try open().known == [0: digest(0), 2: digest(2)])
    }

    @Test(
        "Another generation or size of the disk begins anew",
        arguments: [([2], nil), ([1], 3 * Geometry.unit64)] as [([UInt8], UInt64?)])
    func other(_ generation: [UInt8], _ size: UInt64?) throws {
        try open().add(unit: 0, digest(0))
        #expect(try open(generation, size: size).known.isEmpty)
        #expect(try open().known.isEmpty)
    }

    @Test("Cut off or damaged at any byte, it gives nothing that was not added")
    func damaged() throws {
        let log = try open()
        for unit in 0..<3 as Range<UInt64> { try log.add(unit: unit, digest(UInt8(unit))) }
        let whole = try folder.read("log")
        let all = try open().known
        for place in whole.indices {
            var bytes = whole
            bytes[place] ^= 1
            for bytes in [bytes, Array(whole.prefix(place))] {
                try folder.write("log", bytes)
                for (unit, digest) in try open().known { #expect(all[unit] == digest) }
            }
        }
    }
}
