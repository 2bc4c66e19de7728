import Glibc
import Testing

@testable import DataPlane

/// The journal beside a partial file, and what is taken of it.
@Suite struct ResumeJournalTests {
    private static let size = 5 * Geometry.unit64 + 777
    private let folder: TestFolder
    private let root: PoolRoot

    init() throws {
        folder = try TestFolder()
        root = try folder.pool()
    }

    private static func subject(
        operation: String = "OP", number: Int = 0, size: UInt64 = Self.size, format: String = "raw",
        generation: [UInt8] = [1, 2, 3]
    ) -> ResumeJournal.Subject {
        ResumeJournal.Subject(
            operation: operation, number: number, size: size, format: format, generation: generation)
    }

    private static func unit(_ number: UInt64) -> Range<UInt64> {
        number * Geometry.unit64..<min((number + 1) * Geometry.unit64, size)
    }

    /// A partial file of the disk's size with its journal.
    private func make(_ ranges: [[Range<UInt64>]] = []) throws {
        let file = try root.createTemporary(operation: "OP", number: 0)
        let journal = try ResumeJournal.create(for: file, Self.subject(), in: root)
        _ = try FileSink(file, size: Self.size)
        for group in ranges { try journal.append(group) }
    }

    private func find(_ subject: ResumeJournal.Subject = subject()) throws -> KeptFile? {
        try KeptFile.find(subject, final: try FileName("disk.img"), in: root)
    }

    private var path: String { folder.file(".kvm-clone-OP-0.journal") }
    private var partial: String { folder.file(".kvm-clone-OP-0.partial") }

    @Test("What was appended is durable in the next run, in order and joined, and more can be added")
    func roundTrip() throws {
        try make([[Self.unit(3), Self.unit(0)], [Self.unit(1)]])
        let found = try #require(try find())
        #expect(found.durable.ranges == [0..<(2 * Geometry.unit64), Self.unit(3)])
        try found.journal.append([Self.unit(5)])
        #expect(try find()?.durable.ranges.last == Self.unit(5))
    }

    @Test("A beginning that is changed in place is durable no more, until it is written again")
    func revoked() throws {
        try make([[Self.unit(0), Self.unit(1)], [Self.unit(3)]])
        try #require(try find()).journal.revokeBeginning()
        let found = try #require(try find())
        #expect(found.durable.ranges == [Self.unit(1), Self.unit(3)])
        try found.journal.append([Self.unit(0)])
        #expect(try find()?.durable.ranges == [0..<(2 * Geometry.unit64), Self.unit(3)])
    }

    @Test("Nothing there is nothing, and no refusal")
    func nothing() throws { #expect(try find() == nil) }

    @Test("A record that isn't whole is cut off, at whichever byte it ends; what came before it stays")
    func torn() throws {
        try make([[Self.unit(0)], [Self.unit(1), Self.unit(2)]])
        let whole = try folder.read(".kvm-clone-OP-0.journal")
        let last = 8 + 2 * 16 + CheckedBytes.checkSize
        for missing in 1...last {
            try folder.write(".kvm-clone-OP-0.journal", Array(whole.dropLast(missing)))
            let found = try #require(try find())
            #expect(found.durable.ranges == [Self.unit(0)])
            // What comes next stands where the torn record began.
            try found.journal.append([Self.unit(4)])
            #expect(try find()?.durable.ranges == [Self.unit(0), Self.unit(4)])
        }
    }

    @Test("A byte that is wrong anywhere ends the reading there, or is a refusal, and never adds anything")
    func damaged() throws {
        try make([[Self.unit(0)], [Self.unit(2)]])
        let whole = try folder.read(".kvm-clone-OP-0.journal")
        for place in whole.indices {
            var bytes = whole
            bytes[place] ^= 0x40
            try folder.write(".kvm-clone-OP-0.journal", bytes)
            do {
                let durable = try find()?.durable.ranges ?? []
                #expect(Set(durable).isSubset(of: [Self.unit(0), Self.unit(2)]))
            } catch {
                #expect(error as? ResumeRefusal == .damaged)
            }
        }
    }

    @Test(
        "A record that reaches beyond the disk, or isn't of whole units, counts for nothing",
        arguments: [
            [0..<(Self.size + 1)], [1..<Geometry.unit64], [0..<(Geometry.unit64 + 65_536)], [0..<UInt64.max],
        ])
    func forged(_ ranges: [Range<UInt64>]) throws {
        try make([[Self.unit(0)]])
        let bytes = try folder.read(".kvm-clone-OP-0.journal")
        let length = 4 + Int(UInt32(littleEndianBytes: bytes.prefix(4))) + CheckedBytes.checkSize
        let forged = JournalRecord.encode(ranges, seal: JournalHeader.seal(of: bytes.prefix(length)))
        try folder.write(".kvm-clone-OP-0.journal", bytes + forged.joined())
        #expect(try find()?.durable.ranges == [Self.unit(0)])
    }

    @Test(
        "State of another operation, disk, source or file is refused, and says why",
        arguments: [
            (subject(number: 0, format: "qcow2"), ResumeRefusal.otherDisk),
            (subject(generation: [9]), .otherGeneration), (subject(size: Self.size - 1), .otherGeneration),
        ])
    func foreign(_ subject: ResumeJournal.Subject, _ refusal: ResumeRefusal) throws {
        try make([[Self.unit(0)]])
        #expect(throws: refusal) { try find(subject) }
        #expect(!refusal.description.isEmpty)
    }

    @Test("A journal that belongs to another operation, moved here, is refused")
    func moved() throws {
        try make([[Self.unit(0)]])
        #expect(rename(path, folder.file(".kvm-clone-OTHER-0.journal")) == 0)
        #expect(rename(partial, folder.file(".kvm-clone-OTHER-0.partial")) == 0)
        #expect(throws: ResumeRefusal.otherOperation) { try find(Self.subject(operation: "OTHER")) }
    }

    @Test(
        "Another file in the place of the partial one is refused, and so is none, a short one, or one without a journal"
    )
    func otherFile() throws {
        try make([[Self.unit(0)]])
        #expect(rename(partial, folder.file("away")) == 0)
        #expect(throws: ResumeRefusal.fileMissing) { try find() }
        try folder.write(".kvm-clone-OP-0.partial", size: Self.size)
        #expect(throws: ResumeRefusal.otherFile) { try find() }
        #expect(rename(folder.file("away"), partial) == 0)
        #expect(truncate(partial, off_t(Self.size - 1)) == 0)
        #expect(throws: ResumeRefusal.fileShort) { try find() }
        #expect(unlink(path) == 0)
        #expect(throws: ResumeRefusal.journalMissing) { try find() }
    }

    @Test("A published file gets its unfinished name back; one that only has its name doesn't")
    func takenBack() throws {
        try make([[Self.unit(0)]])
        try root.openTemporary(operation: "OP", number: 0).publish(as: try FileName("disk.img"))
        #expect(try find()?.durable.ranges == [Self.unit(0)])
        #expect(access(partial, F_OK) == 0 && access(folder.file("disk.img"), F_OK) != 0)
        #expect(unlink(partial) == 0)
        try folder.write("disk.img", size: Self.size)
        #expect(throws: ResumeRefusal.fileMissing) { try find() }
        #expect(access(folder.file("disk.img"), F_OK) == 0)
    }

    @Test("Removing an operation's unfinished files removes their journals")
    func removed() throws {
        try make([[Self.unit(0)]])
        #expect(try root.removeTemporaries(operation: "OP") == [".kvm-clone-OP-0.partial"])
        #expect(try root.list().filter { $0.hasPrefix(".kvm-clone") } == [])
    }

    @Test("The tail is what has data outside of what is durable, in whole leaves, up to a limit")
    func tail() throws {
        let leaf = Geometry.leaf64
        var bytes = [UInt8](repeating: 0, count: Int(3 * Geometry.unit64 + 100))
        let size = UInt64(bytes.count)
        for offset in [5, Int(Geometry.unit64) + 70_000, Int(2 * Geometry.unit64) + 1, bytes.count - 1] {
            bytes[offset] = 1
        }
        let disk = MemoryDisk(bytes)
        let durable = try LeafRanges([0..<Geometry.unit64], size: size)
        let start = Geometry.unit64 + leaf
        let whole = [
            start..<(start + leaf), 2 * Geometry.unit64..<(2 * Geometry.unit64 + leaf),
            3 * Geometry.unit64..<size,
        ]
        #expect(try KeptFile.tail(of: disk, outside: durable, mostLeaves: 100).ranges == whole)
        #expect(try KeptFile.tail(of: disk, outside: durable, mostLeaves: 2).ranges == Array(whole.prefix(2)))
        #expect(try KeptFile.tail(of: disk, outside: LeafRanges(), mostLeaves: 1).ranges == [0..<leaf])
    }
}
