import Glibc
import Testing

@testable import DataPlane

@Suite("A block device", .enabled(if: LoopDevice.areAvailable, "needs root and loop devices"))
struct BlockDeviceTests {
    private let folder: TestFolder
    private let size: UInt64 = 4 << 20

    init() throws { folder = try TestFolder() }

    private func withDevice(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
        try LoopDevice.with(try folder.write("disk", bytes), body)
    }

    @Test("as a source gives all of its bytes as data, also through a link")
    func source() throws {
        let contents = pattern(Int(size))
        try withDevice(contents) { device in
            #expect(symlink(device, folder.file("by-id")) == 0)
            let allowance = try ReadAllowance(files: [folder.file("by-id")])
            let source = try BlockSource(try allowance.open(folder.file("by-id")))
            #expect(source.path == device)
            #expect(source.size == size)
            #expect(try source.extents(in: 0..<size) == [Extent(offset: 0, length: size, isZero: false)])
            #expect(try source.bytes() == contents)
            try source.checkUnchanged()
        }
    }

    @Test("that was not declared is refused")
    func notDeclared() throws {
        try withDevice(pattern(4096)) { device in
            #expect(throws: PathError.self) { _ = try ReadAllowance(files: ["/dev/null"]).open(device) }
            #expect(throws: PathError.self) { _ = try ReadAllowance(files: ["/dev/null"]).open("/dev/null") }
            #expect(throws: PathError.self) { _ = try ReadAllowance(roots: ["/dev"]).open(device) }
        }
    }

    @Test("as a sink holds what was written and zeroed, and nothing behind the disk changes")
    func sink() throws {
        let before = pattern(Int(size), seed: 9)
        try withDevice(before) { device in
            let diskSize = size - 65_536
            var expected = Array(before[..<Int(diskSize)])
            do {
                let sink = try BlockSink(try ResolvedDevice(following: device), size: diskSize)
                let data = AlignedBuffer(pattern(1 << 20))
                try sink.write(UnsafeRawBufferPointer(data.bytes), at: 1 << 20)
                expected.replaceSubrange(1 << 20..<2 << 20, with: pattern(1 << 20))
                let ranges: [Range<UInt64>] = [100..<101, 500..<70_000, 1_500_000..<2_100_001, diskSize - 3..<diskSize]
                for range in ranges {
                    try sink.zero(range)
                    for index in range { expected[Int(index)] = 0 }
                }
                try sink.write([1, 2, 3], at: 777)
                expected.replaceSubrange(777..<780, with: [1, 2, 3])
                try sink.flush()
                let back = try sink.readBack()
                #expect(back.size == diskSize)
                #expect(try back.bytes() == expected)
                let buffer = AlignedBuffer([UInt8](repeating: 0, count: 1 << 20))
                try back.read(into: buffer.bytes, at: 1 << 20)
                #expect(buffer.bytes.elementsEqual(expected[1 << 20..<2 << 20]))
            }
            let all = try BlockSource(try ReadAllowance(files: [device]).open(device)).bytes()
            #expect(all == expected + before[Int(diskSize)...])
        }
    }

    @Test("that is too small is refused before anything is written")
    func tooSmall() throws {
        try withDevice(pattern(1 << 20)) { device in
            let error = #expect(throws: DiskError.self) {
                try BlockSink(try ResolvedDevice(following: device), size: (1 << 20) + 1)
            }
            #expect(error?.kind == .tooSmall)
        }
    }

    @Test("that something else has for itself is refused")
    func busy() throws {
        try withDevice(pattern(1 << 20)) { device in
            let resolved = try ResolvedDevice(following: device)
            let first = try BlockSink(resolved, size: 1 << 20)
            let error = #expect(throws: DiskError.self) { try BlockSink(resolved, size: 1 << 20) }
            #expect(error?.kind == .busy)
            try first.flush()
        }
    }

    @Test("is what a link to something else is not", arguments: ["file", "folder", "missing"])
    func notADevice(kind: String) throws {
        let path = kind == "file" ? try folder.write("file", [1]) : kind == "folder" ? folder.path : folder.file("none")
        #expect(throws: PathError.self) { try ResolvedDevice(following: path) }
    }
}
