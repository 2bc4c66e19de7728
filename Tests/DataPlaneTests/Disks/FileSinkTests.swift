import Glibc
import Testing

@testable import DataPlane

@Suite("A file as a sink")
struct FileSinkTests {
    private let folder: TestFolder
    private let pool: PoolRoot

    init() throws {
        folder = try TestFolder()
        pool = try folder.pool()
    }

    private func allocated(_ file: TemporaryFile) throws -> UInt64 {
        try FileIdentity.of(file.descriptor.raw, path: file.path).allocated
    }

    @Test(
        "holds what was written, for any size",
        arguments: [0, 1, 4095, 4096, 4097, 1 << 20, (1 << 20) + 512, 2_500_003])
    func roundTrip(size: Int) throws {
        let contents = pattern(size)
        let file = try pool.createTemporary(operation: "op", number: 0)
        let sink = try FileSink(file, size: UInt64(size))
        for start in stride(from: 0, to: size, by: 1 << 20) {
            let part = AlignedBuffer(Array(contents[start..<min(start + (1 << 20), size)]))
            try sink.write(UnsafeRawBufferPointer(part.bytes), at: UInt64(start))
        }
        try sink.flush()
        #expect(try sink.readBack().bytes() == contents)
        try file.publish(as: try FileName("disk"))
        #expect(try folder.read("disk") == contents)
    }

    @Test("takes buffers and offsets that are not aligned")
    func unaligned() throws {
        let contents = pattern(100_000)
        let sink = try FileSink(try pool.createTemporary(operation: "op", number: 0), size: 100_000)
        for start in stride(from: 0, to: 100_000, by: 7001) {
            try sink.write(Array(contents[start..<min(start + 7001, 100_000)]), at: UInt64(start))
        }
        try sink.flush()
        #expect(try sink.readBack().bytes() == contents)
    }

    @Test("reads back past the page cache into aligned memory, and says so where it can't")
    func readBackMedium() throws {
        let file = try pool.createTemporary(operation: "op", number: 0)
        let sink = try FileSink(file, size: 1 << 20)
        let data = AlignedBuffer(pattern(1 << 20))
        try sink.write(UnsafeRawBufferPointer(data.bytes), at: 0)
        try sink.flush()
        let back = try sink.readBack()
        let buffer = AlignedBuffer([UInt8](repeating: 0, count: 1 << 20))
        try back.read(into: buffer.bytes, at: 0)
        #expect(buffer.bytes.elementsEqual(data.bytes))
        let direct = DirectDescriptor(of: file.descriptor.raw, flags: O_RDONLY)
        #expect(back.medium == (direct?.reachesMedium == true ? .direct : .cache))
        #expect(try back.extents(in: 0..<1 << 20) == [Extent(offset: 0, length: 1 << 20, isZero: false)])
    }

    @Test(
        "in memory says that it read from the page cache",
        .enabled(if: SmallFileSystem.isAvailable, "needs root to mount tmpfs"))
    func memoryIsCache() throws {
        try SmallFileSystem.with(in: folder, bytes: 4 << 20) { path in
            let pool = try PoolRoot(path, allowedRoots: [path])
            let sink = try FileSink(try pool.createTemporary(operation: "op", number: 0), size: 8192)
            try sink.write(pattern(8192), at: 0)
            try sink.flush()
            #expect(try sink.readBack().medium == .cache)
        }
    }

    @Test("that is new and never written takes no storage for zeros")
    func emptyZero() throws {
        let file = try pool.createTemporary(operation: "op", number: 0)
        let sink = try FileSink(file, size: 100 << 30)
        try sink.zero(0..<100 << 30)
        try sink.flush()
        #expect(try allocated(file) < 1 << 20)
        #expect(try sink.readBack().extents(in: 0..<100 << 30) == [Extent(offset: 0, length: 100 << 30, isZero: true)])
    }

    @Test(
        "zeroes what was written before",
        arguments: [(0, 1 << 20), (4096, 8192), (1, 2), (5000, 100_000)] as [(UInt64, UInt64)])
    func zeroAfterWrite(lower: UInt64, upper: UInt64) throws {
        var contents = pattern(1 << 20)
        let sink = try FileSink(try pool.createTemporary(operation: "op", number: 0), size: 1 << 20)
        try sink.write(contents, at: 0)
        try sink.zero(lower..<upper)
        for index in Int(lower)..<Int(upper) { contents[index] = 0 }
        try sink.flush()
        #expect(try sink.readBack().bytes() == contents)
    }

    @Test("that is opened again is not taken for empty")
    func reopened() throws {
        do {
            let sink = try FileSink(try pool.createTemporary(operation: "op", number: 3), size: 65_536)
            try sink.write(pattern(65_536), at: 0)
            try sink.flush()
        }
        let file = try pool.openTemporary(operation: "op", number: 3)
        let sink = try FileSink(file, size: 65_536)
        try sink.zero(4096..<8192)
        try sink.flush()
        let expected = pattern(65_536)
        #expect(
            try sink.readBack().bytes() == expected[..<4096] + [UInt8](repeating: 0, count: 4096) + expected[8192...])
    }

    @Test("refuses ranges outside of the disk")
    func outside() throws {
        let sink = try FileSink(try pool.createTemporary(operation: "op", number: 0), size: 4096)
        #expect(throws: DiskError.self) { try sink.write([1, 2], at: 4095) }
        #expect(throws: DiskError.self) { try sink.write([1], at: UInt64.max) }
        #expect(throws: DiskError.self) { try sink.zero(0..<4097) }
        #expect(throws: DiskError.self) { try sink.zero(0..<UInt64.max) }
    }

    @Test(
        "tells a full file system from other errors",
        .enabled(if: SmallFileSystem.isAvailable, "needs root to mount tmpfs"))
    func full() throws {
        try SmallFileSystem.with(in: folder, bytes: 2 << 20) { path in
            let pool = try PoolRoot(path, allowedRoots: [path])
            do {
                let file = try pool.createTemporary(operation: "op", number: 0)
                let sink = try FileSink(file, size: 64 << 20)
                let error = #expect(throws: DiskError.self) {
                    for megabyte in 0..<64 { try sink.write(pattern(1 << 20), at: UInt64(megabyte) << 20) }
                }
                #expect(error?.kind == .noSpace)
                #expect(error?.offset.map { $0 <= 2 << 20 } == true)
                #expect(error?.description.contains("free space") == true)
                try file.discard()
            }
            // tmpfs counts per processor, and adds up a little later.
            var tries = 0
            while try FreeSpace(at: path).available <= 1 << 20, tries < 100 {
                usleep(50_000)
                tries += 1
            }
            #expect(try FreeSpace(at: path).available > 1 << 20)
        }
    }

    @Test("that failed a flush once fails all that follow with the same cause")
    func stickyFlush() throws {
        let state = WriteState(size: 1 << 20)
        try state.flush {}
        let failure = DiskError.system(EIO, "flush", "disk")
        #expect(throws: failure) { try state.flush { throw failure } }
        var tried = false
        #expect(throws: failure) { try state.flush { tried = true } }
        #expect(!tried)
    }

    @Test("takes writes from several threads")
    func threads() throws {
        let size = 8 << 20
        let contents = pattern(size)
        let sink = try FileSink(try pool.createTemporary(operation: "op", number: 0), size: UInt64(size))
        let done = (0..<4).map { _ in Latch() }
        for worker in 0..<4 {
            let failure = DetachedThread.start(name: "writer") {
                for part in 0..<2 {
                    let start = (worker * 2 + part) << 20
                    let buffer = AlignedBuffer(Array(contents[start..<start + (1 << 20)]))
                    try? sink.write(UnsafeRawBufferPointer(buffer.bytes), at: UInt64(start))
                }
                done[worker].open()
            }
            #expect(failure == 0)
        }
        for latch in done { latch.wait() }
        try sink.flush()
        #expect(try sink.readBack().bytes() == contents)
    }
}
