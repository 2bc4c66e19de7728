import Glibc
import Testing

@testable import DataPlane

@Suite("A file as a source")
struct FileSourceTests {
    private let folder: TestFolder
    private let block: UInt64 = 65_536

    init() throws { folder = try TestFolder() }

    private func source(_ name: String) throws -> FileSource {
        try FileSource(try folder.allowance().open(folder.file(name)))
    }

    @Test("tells data and holes, clipped to the range that was asked for")
    func extents() throws {
        try folder.write(
            "disk", size: 10 * block, runs: [(2 * block, pattern(Int(block))), (9 * block, pattern(Int(block)))])
        let source = try source("disk")
        #expect(
            try source.extents(in: 0..<10 * block) == [
                Extent(offset: 0, length: 2 * block, isZero: true),
                Extent(offset: 2 * block, length: block, isZero: false),
                Extent(offset: 3 * block, length: 6 * block, isZero: true),
                Extent(offset: 9 * block, length: block, isZero: false),
            ])
        #expect(
            try source.extents(in: 2 * block + 100..<3 * block + 7) == [
                Extent(offset: 2 * block + 100, length: block - 100, isZero: false),
                Extent(offset: 3 * block, length: 7, isZero: true),
            ])
        #expect(try source.extents(in: block..<block).isEmpty)
    }

    @Test("of 100 GiB without data is one hole, and its bytes are zeros")
    func hugeHole() throws {
        let size: UInt64 = 100 << 30
        try folder.write("disk", size: size)
        let source = try source("disk")
        #expect(source.size == size)
        #expect(try source.extents(in: 0..<size) == [Extent(offset: 0, length: size, isZero: true)])
        #expect(try source.bytes(in: size - 4096..<size).allSatisfy { $0 == 0 })
    }

    @Test("gives the bytes as they are, qcow2 signature or not", arguments: [0, 1, 511, 4096, 1_000_001])
    func bytes(count: Int) throws {
        let contents = [0x51, 0x46, 0x49, 0xFB].prefix(count) + pattern(max(0, count - 4))
        try folder.write("disk", Array(contents))
        #expect(try source("disk").bytes() == Array(contents))
    }

    @Test(
        "refuses ranges outside of the disk",
        arguments: [(4096, 1), (4000, 97), (5000, 0), (UInt64.max, 1)] as [(UInt64, Int)])
    func outside(offset: UInt64, count: Int) throws {
        try folder.write("disk", pattern(4096))
        let source = try source("disk")
        var bytes = [UInt8](repeating: 0, count: count)
        let error = #expect(throws: DiskError.self) {
            try bytes.withUnsafeMutableBytes { try source.read(into: $0, at: offset) }
        }
        #expect(error?.kind == .outOfRange)
        #expect(throws: DiskError.self) { try source.extents(in: 0..<UInt64.max) }
    }

    @Test("that is cut short fails a read with the offset, and is never zero-filled")
    func truncated() throws {
        let path = try folder.write("disk", pattern(100_000))
        let source = try source("disk")
        #expect(truncate(path, 50_000) == 0)
        var bytes = [UInt8](repeating: 7, count: 100_000)
        let error = #expect(throws: DiskError.self) {
            try bytes.withUnsafeMutableBytes { try source.read(into: $0, at: 0) }
        }
        #expect(error?.kind == .shortRead)
        #expect(error?.offset == 50_000)
        #expect(bytes[50_000] == 7)
    }

    enum Change: String, CaseIterable {
        case write, grow, shrink, attributes, replace, remove
    }

    @Test("notices a change", arguments: Change.allCases)
    func changed(change: Change) throws {
        let path = try folder.write("disk", pattern(8192))
        let source = try source("disk")
        try source.checkUnchanged()
        // Time stamps of files move with the kernel's tick only.
        usleep(20_000)
        switch change {
        case .write:
            try folder.write("other", pattern(1)); _ = try ChildProcess.run("cp", [folder.file("other"), path])
        case .grow: #expect(truncate(path, 8193) == 0)
        case .shrink: #expect(truncate(path, 8191) == 0)
        case .attributes: #expect(chmod(path, 0o640) == 0)
        case .replace: #expect(rename(try folder.write("other", pattern(8192)), path) == 0)
        case .remove: #expect(unlink(path) == 0)
        }
        let error = #expect(throws: DiskError.self) { try source.checkUnchanged() }
        #expect(error?.kind == .changed)
        #expect(error?.description.contains(path) == true)
    }

    @Test("that is only read stays unchanged")
    func unchanged() throws {
        try folder.write("disk", pattern(8192))
        let source = try source("disk")
        _ = try source.bytes()
        _ = try source.extents(in: 0..<8192)
        try source.checkUnchanged()
    }
}
