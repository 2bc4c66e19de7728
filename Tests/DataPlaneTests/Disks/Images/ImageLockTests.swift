import Glibc
import Testing

@testable import DataPlane

@Suite("A lock on an image", .enabled(if: Tools.haveServer, "needs qemu-utils"))
struct ImageLockTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func image(_ format: ImageFormat) throws -> String {
        let path = folder.file("disk")
        try Tools.img("create", "-q", "-f", format.rawValue, path, "1M")
        return path
    }

    private func writeByQEMU(_ path: String, _ format: ImageFormat) throws {
        try Tools.io(path, format: format.rawValue, "write 0 4k")
    }

    @Test("of a source keeps QEMU from writing and lets it read, until it is let go", arguments: ImageFormat.allCases)
    func shared(format: ImageFormat) throws {
        let path = try image(format)
        try writeByQEMU(path, format)
        do {
            let lock = try ImageLock.acquireShared(path, allowance: try folder.allowance())
            let second = try ImageLock.acquireShared(path, allowance: try folder.allowance())
            try withExtendedLifetime((lock, second)) {
                let error = #expect(throws: ToolError.self) { try writeByQEMU(path, format) }
                #expect(error?.description.contains("lock") == true)
                try Tools.io(path, format: format.rawValue, readOnly: true, "read 0 4k")
            }
        }
        try writeByQEMU(path, format)
    }

    @Test("of a source is refused while QEMU can write, and changes nothing", arguments: ImageFormat.allCases)
    func inUse(format: ImageFormat) throws {
        let path = try image(format)
        let writer = try ChildProcess(
            "qemu-nbd", ["--socket=\(folder.file("socket"))", "--persistent", "-f", format.rawValue, path])
        defer { writer.stop() }
        while access(folder.file("socket"), F_OK) != 0 && !writer.waitForEnd(milliseconds: 10) {}
        // The socket may be there before the image is open, and a busy machine slow to answer on it.
        var client: NBDClient?
        for _ in 0..<50 where client == nil {
            client = try? NBDClient(path: folder.file("socket"), export: "", connections: 1)
            if client == nil { usleep(100_000) }
        }
        _ = try #require(client)
        let error = #expect(throws: ImageError.self) {
            try ImageLock.acquireShared(path, allowance: try folder.allowance())
        }
        guard case .inUse(path, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        writer.stop()
        _ = try ImageLock.acquireShared(path, allowance: try folder.allowance())
    }

    @Test("of a target keeps readers and writers away")
    func exclusive() throws {
        let file = try folder.pool().createTemporary(operation: "op", number: 0)
        #expect(ftruncate(file.descriptor.raw, 1 << 20) == 0)
        let lock = try ImageLock.acquireExclusive(file)
        withExtendedLifetime(lock) {
            #expect(throws: ImageError.self) { try ImageLock.acquireExclusive(file) }
            #expect(throws: ImageError.self) {
                try ImageLock.acquireShared(file.path, allowance: try folder.allowance())
            }
            #expect(throws: ToolError.self) { try Tools.io(file.path, format: "raw", readOnly: true, "read 0 4k") }
            #expect(throws: ToolError.self) { try writeByQEMU(file.path, .raw) }
        }
    }

    @Test("covers all layers of a chain, which must be what was inspected")
    func chain() throws {
        try folder.write("base", pattern(1 << 20))
        try Tools.img("create", "-q", "-f", "qcow2", "-b", folder.file("base"), "-F", "raw", folder.file("top"))
        let allowance = try folder.allowance()
        let chain = try BackingChain.inspect(folder.file("top"), format: .qcow2, allowance: allowance)
        let locks = try ImageLock.acquireShared(chain, allowance: allowance)
        withExtendedLifetime(locks) {
            #expect(throws: ToolError.self) { try writeByQEMU(folder.file("base"), .raw) }
            #expect(throws: ToolError.self) { try writeByQEMU(folder.file("top"), .qcow2) }
        }
        #expect(truncate(folder.file("base"), 2 << 20) == 0)
        let error = #expect(throws: DiskError.self) { try ImageLock.acquireShared(chain, allowance: allowance) }
        #expect(error?.kind == .changed)
    }

    @Test("works on a block device", .enabled(if: LoopDevice.areAvailable, "needs root and loop devices"))
    func device() throws {
        try LoopDevice.with(try folder.write("disk", size: 1 << 20)) { device in
            let lock = try ImageLock.acquireShared(device, allowance: try ReadAllowance(files: [device]))
            withExtendedLifetime(lock) {
                #expect(throws: ToolError.self) { try writeByQEMU(device, .raw) }
                #expect(throws: ImageError.self) {
                    try ImageLock.acquireExclusive(try ResolvedDevice(following: device))
                }
            }
        }
    }
}
