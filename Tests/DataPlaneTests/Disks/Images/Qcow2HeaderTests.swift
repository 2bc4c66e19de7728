import Testing

@testable import DataPlane

@Suite("A qcow2 header")
struct Qcow2HeaderTests {
    private func parse(_ header: [UInt8], fileLength: UInt64 = Header.fileLength) throws(ImageError) -> Qcow2Header {
        try Qcow2HeaderParser(header, fileLength: fileLength, path: "/pool/disk").parse()
    }

    @Test("that is sound is read")
    func sound() throws {
        let header = try parse(Header.sound())
        #expect(header.version == 3)
        #expect(header.clusterSize == 65_536)
        #expect(header.virtualSize == 1 << 20)
        #expect(header.backingFile == nil)
        #expect(!header.isEncrypted && !header.isCorrupt && !header.isDirty && !header.hasExternalDataFile)
    }

    @Test("records the backing image and its format", arguments: ["raw", "qcow2", nil])
    func backing(format: String?) throws {
        let header = try parse(Header.backed(by: "../base image", format: format))
        #expect(header.backingFile == "../base image")
        #expect(header.backingFormat == format)
    }

    @Test("of version 2 ends after 72 bytes; what follows is an extension")
    func version2() throws {
        let header = Header.with(4, bytes(UInt32(2)), in: Header.with(72, [UInt8](repeating: 0, count: 32)))
        #expect(try parse(header).version == 2)
    }

    struct Flag: Sendable {
        var bit: Int
        var read: @Sendable (Qcow2Header) -> Bool
    }

    @Test(
        "tells its features",
        arguments: [
            Flag(bit: 0, read: { $0.isDirty }), Flag(bit: 1, read: { $0.isCorrupt }),
            Flag(bit: 2, read: { $0.hasExternalDataFile }),
            Flag(bit: 4, read: { $0.hasExtendedL2 }),
        ])
    func features(flag: Flag) throws {
        #expect(flag.read(try parse(Header.with(72, bytes(UInt64(1) << UInt64(flag.bit))))))
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var header: [UInt8]
        var fileLength = Header.fileLength

        init(_ name: String, _ offset: Int, _ replacement: [UInt8]) {
            testDescription = name
            header = Header.with(offset, replacement)
        }

        init(_ name: String, header: [UInt8], fileLength: UInt64 = Header.fileLength) {
            testDescription = name
            self.header = header
            self.fileLength = fileLength
        }
    }

    static let hostile = [
        Bad("another signature", 0, [0x51, 0x46, 0x49, 0x00]),
        Bad("version 1", 4, bytes(UInt32(1))),
        Bad("version 4", 4, bytes(UInt32(4))),
        Bad("clusters of 256 bytes", 20, bytes(UInt32(8))),
        Bad("clusters of 4 MiB", 20, bytes(UInt32(22))),
        Bad("cluster bits of 2^32 - 1", 20, bytes(UInt32.max)),
        Bad("a header length of 0", 100, bytes(UInt32(0))),
        Bad("a header length that is odd", 100, bytes(UInt32(105))),
        Bad("a header longer than its cluster", 100, bytes(UInt32(131_072))),
        Bad("unknown incompatible features", 72, bytes(UInt64(1) << 63)),
        Bad("a compression type without its field", 72, bytes(UInt64(8))),
        Bad("a reference count order of 7", 96, bytes(UInt32(7))),
        Bad("an unknown encryption", 32, bytes(UInt32(3))),
        Bad("a virtual size of 2^64 - 1", 24, bytes(UInt64.max)),
        Bad("a virtual size beyond its L1 table", 24, bytes(UInt64(1) << 40)),
        Bad("an L1 table of 32 GiB", 36, bytes(UInt32.max)),
        Bad("an L1 table behind the file", 40, bytes(UInt64(0x40000))),
        Bad("an L1 table at 2^64 - 64 KiB", 40, bytes(UInt64.max - 65_535)),
        Bad("an L1 table in the header", 40, bytes(UInt64(0))),
        Bad("an L1 table off its cluster", 40, bytes(UInt64(0x30001))),
        Bad("no reference count table", 56, bytes(UInt32(0))),
        Bad("a reference count table of 256 TiB", 56, bytes(UInt32.max)),
        Bad("a reference count table behind the file", 48, bytes(UInt64(1) << 62)),
        Bad("2^32 - 1 snapshots", 60, bytes(UInt32.max)),
        Bad("snapshots behind the file", 60, bytes(UInt32(1), UInt64(1) << 40)),
        Bad("an empty backing name", 8, bytes(UInt64(1024), UInt32(0))),
        Bad("a backing name of 1024 bytes", 8, bytes(UInt64(1024), UInt32(1024))),
        Bad("a backing name of 4 GiB", 8, bytes(UInt64(1024), UInt32.max)),
        Bad("a backing name in the next cluster", 8, bytes(UInt64(65_530), UInt32(7))),
        Bad("a backing name at 2^64 - 1", 8, bytes(UInt64.max, UInt32(7))),
        Bad("a backing name over the header", 8, bytes(UInt64(8), UInt32(7))),
        Bad("a backing name of NULs", 8, bytes(UInt64(2048), UInt32(7))),
        Bad("a backing name with a newline", header: Header.backed(by: "a\nb", format: "raw")),
        Bad(
            "a backing name that is no text",
            header: Header.with(1024, [0xFF, 0xFE], in: Header.backed(by: "ab", format: "raw"))),
        Bad("an extension of 4 GiB", 104, bytes(UInt32(0x1234), UInt32.max)),
        Bad("a backing format with a newline", header: Header.backed(by: "base", format: "r\nw")),
        Bad(
            "a backing format of 100 bytes",
            header: Header.backed(by: "base", format: String(repeating: "x", count: 100))),
        Bad("bitmaps of no size", 104, bytes(UInt32(0x2385_2875), UInt32(0))),
        Bad("nothing", header: []),
        Bad("its first 50 bytes only", header: Array(Header.sound()[..<50])),
        Bad("its first 100 bytes only", header: Array(Header.sound()[..<100])),
        Bad("a file of one cluster", header: Header.sound(), fileLength: 65_536),
    ]

    @Test("with wrong numbers is refused", arguments: hostile)
    func refused(bad: Bad) {
        let error = #expect(throws: ImageError.self) { try parse(bad.header, fileLength: bad.fileLength) }
        #expect(error?.description.contains("/pool/disk") == true)
        #expect(error?.description.unicodeScalars.allSatisfy { !FileName.isControl($0) } == true)
    }

    @Test("with any single byte changed is read or refused, and never trapped on")
    func everyByte() {
        let sound = Header.backed(by: "base", format: "raw")
        var refusals = 0
        for offset in 0..<130 {
            for value: UInt8 in [0x00, 0x01, 0x7F, 0x80, 0xFF] {
                do { _ = try parse(Header.with(offset, [value], in: sound)) } catch { refusals += 1 }
            }
        }
        #expect(refusals > 100)
    }
}
