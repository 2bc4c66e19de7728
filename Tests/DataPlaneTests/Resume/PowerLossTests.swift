import Glibc
import Testing

@testable import DataPlane

/// A file system that loses its power: ext4 on a loop device, shut down without writing its log (EXT4_IOC_SHUTDOWN).
@Suite(
    "A host that loses its power", .serialized, .enabled(if: Ext4.isAvailable, "needs root, loop devices and ext4"),
    .timeLimit(.minutes(5)))
struct PowerLossTests {
    private static let size = 3 * Geometry.unit + 4 * Geometry.leaf + 99

    @Test(
        "What the journal says is durable is there when the file system is mounted again",
        arguments: 0..<4 as Range<UInt64>)
    func mountedAgain(_ seed: UInt64) async throws {
        try await blocking {
            let folder = try TestFolder()
            let source = MemoryDisk.random(size: Self.size, seed: seed)
            let subject = ResumeJournal.Subject.test(size: UInt64(Self.size))
            let final = try FileName("disk.img")
            try Ext4.with(in: folder) { path, loseAndMount in
                do {
                    let root = try PoolRoot(path, allowedRoots: [path])
                    let file = try root.createTemporary(operation: "OP", number: 0)
                    let journal = try ResumeJournal.create(for: file, subject, in: root)
                    let sink = try FileSink(file, size: UInt64(Self.size))
                    var generator = Seeded(seed)
                    let stop = UInt64.random(in: Geometry.unit64...UInt64(Self.size), using: &generator)
                    try InterruptedReceiveTests.run(source, into: sink, journal, until: stop, seed: seed * 2)
                }
                try loseAndMount()
                let root = try PoolRoot(path, allowedRoots: [path])
                let found = try #require(try KeptFile.find(subject, final: final, in: root))
                let sink = try FileSink(found.file, size: UInt64(Self.size))
                let left = try sink.readBack().wholeContents()
                for range in found.durable.ranges { expectEqual(left, source.bytes, in: range) }
                let tail = try KeptFile.tail(of: try sink.readBack(), outside: found.durable, mostLeaves: 10_000)
                let same = try LeafDigests.same(source, tail, as: try LeafDigests.of(try sink.readBack(), tail))
                try InterruptedReceiveTests.finish(source, sink, keeping: [found.durable, same], found.journal)
                expectEqual(try sink.readBack().wholeContents(), source.bytes, in: 0..<source.size)
            }
        }
    }
}

extension DiskSource {
    /// All bytes, read at once.
    func wholeContents() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(size))
        try bytes.withUnsafeMutableBytes { try read(into: $0, at: 0) }
        return bytes
    }
}

/// Ext4 file systems that can lose their power.
enum Ext4 {
    /// Makes and mounts one. `body` gets where, and a function that ends its power and mounts it again.
    static func with(in folder: TestFolder, _ body: (String, () throws -> Void) throws -> Void) throws {
        let image = try folder.write("ext4", size: 256 << 20)
        _ = try ChildProcess.run("mkfs.ext4", ["-q", "-F", image])
        let path = folder.file("mounted")
        mkdir(path, 0o700)
        try LoopDevice.with(image) { device in
            _ = try ChildProcess.run("mount", [device, path])
            defer { _ = try? ChildProcess.run("umount", ["-l", path]) }
            try body(path) {
                let raw = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                // _IOR('X', 125, __u32), and EXT4_GOING_FLAGS_NOLOGFLUSH.
                var flags: UInt32 = 2
                let result = ioctl(raw, 0x8004_587d, &flags)
                let cause = errno
                close(raw)
                guard result == 0 else { throw DiskError.system(cause, "shut down", path) }
                _ = try ChildProcess.run("umount", [path])
                _ = try ChildProcess.run("mount", [device, path])
            }
        }
    }

    static let isAvailable: Bool = {
        guard LoopDevice.areAvailable, let folder = try? TestFolder() else { return false }
        return withExtendedLifetime(folder) { (try? with(in: folder) { _, _ in }) != nil }
    }()
}
