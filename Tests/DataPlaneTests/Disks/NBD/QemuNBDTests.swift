import CLinux
import Glibc
import Testing

@testable import DataPlane

@Suite(
    "Images of other formats through qemu-nbd", .enabled(if: Tools.haveServer, "needs qemu-utils"),
    .timeLimit(.minutes(3)))
struct QemuNBDTests {
    private let folder: TestFolder
    private let size: UInt64 = 8 << 20

    init() throws { folder = try TestFolder() }

    private func source(_ name: String, _ format: ImageFormat) throws -> NBDSource {
        let allowance = try folder.allowance()
        let chain = try BackingChain.inspect(folder.file(name), format: format, allowance: allowance)
        return try NBDSource(chain, export: "vm/\(name)", allowance: allowance)
    }

    /// Data at 1 MiB and at 5 MiB, zeros elsewhere.
    private func makeRaw() throws -> [UInt8] {
        let run = pattern(1 << 20)
        try folder.write("raw", size: size, runs: [(1 << 20, run), (5 << 20, run)])
        return try folder.read("raw")
    }

    @Test(
        "read as the guest would, holes told as zeros",
        arguments: ["raw", "qcow2", "v2", "compressed", "extended", "a,b=c:d"])
    func read(kind: String) throws {
        let contents = try makeRaw()
        let raw = folder.file("raw")
        let image = folder.file(kind)
        switch kind {
        case "raw": break
        case "v2": try Tools.img("convert", "-f", "raw", "-O", "qcow2", "-o", "compat=0.10", raw, image)
        case "compressed": try Tools.img("convert", "-c", "-f", "raw", "-O", "qcow2", raw, image)
        case "extended": try Tools.img("convert", "-f", "raw", "-O", "qcow2", "-o", "extended_l2=on", raw, image)
        default: try Tools.img("convert", "-f", "raw", "-O", "qcow2", raw, image)
        }
        let source = try source(kind, kind == "raw" ? .raw : .qcow2)
        #expect(source.size == size)
        #expect(try source.bytes() == contents)
        let mib: UInt64 = 1 << 20
        #expect(
            try source.extents(in: 0..<size) == [
                Extent(offset: 0, length: mib, isZero: true), Extent(offset: mib, length: mib, isZero: false),
                Extent(offset: 2 * mib, length: 3 * mib, isZero: true),
                Extent(offset: 5 * mib, length: mib, isZero: false),
                Extent(offset: 6 * mib, length: 2 * mib, isZero: true),
            ])
        #expect(try source.extents(in: mib + 5..<mib + 9) == [Extent(offset: mib + 5, length: 4, isZero: false)])
        try source.checkUnchanged()
    }

    @Test("read a chain as one, and notice a change in any layer")
    func chain() throws {
        var contents = try makeRaw()
        try Tools.img("create", "-q", "-f", "qcow2", "-b", "raw", "-F", "raw", folder.file("middle"))
        try Tools.img("create", "-q", "-f", "qcow2", "-b", folder.file("middle"), "-F", "qcow2", folder.file("top"))
        try Tools.io(folder.file("top"), format: "qcow2", "write -P 0x11 65536 65536")
        contents.replaceSubrange(65_536..<131_072, with: [UInt8](repeating: 0x11, count: 65_536))
        let source = try source("top", .qcow2)
        #expect(try source.bytes() == contents)
        try source.checkUnchanged()
        #expect(truncate(folder.file("raw"), off_t(size + 512)) == 0)
        #expect(throws: DiskError.self) { try source.checkUnchanged() }
    }

    @Test("take the format that the domain XML declares where the header records none")
    func declaredBacking() throws {
        let contents = try makeRaw()
        try Tools.img(
            "create", "-q", "-f", "qcow2", "-u", "-b", folder.file("raw"), "-F", "raw", folder.file("top"), "8M")
        try Header.forgetBackingFormat(folder.file("top"))
        let allowance = try folder.allowance()
        let chain = try BackingChain.inspect(
            folder.file("top"), format: .qcow2, backingFormats: [folder.file("raw"): .raw], allowance: allowance)
        #expect(try NBDSource(chain, export: "e", allowance: allowance).bytes() == contents)
    }

    @Test("of 100 GiB without data are one hole")
    func huge() throws {
        try Tools.img("create", "-q", "-f", "qcow2", folder.file("huge"), "100G")
        let source = try source("huge", .qcow2)
        #expect(try source.extents(in: 0..<100 << 30) == [Extent(offset: 0, length: 100 << 30, isZero: true)])
    }

    @Test("raw with a qcow2 signature in guest data stay raw")
    func rawStaysRaw() throws {
        try Tools.img("create", "-q", "-f", "qcow2", "-u", "-b", "/etc/shadow", "-F", "raw", folder.file("trap"), "1M")
        let contents = try folder.read("trap")
        let source = try source("trap", .raw)
        #expect(try source.bytes().starts(with: contents))
    }

    @Test("serve several threads at once")
    func threads() throws {
        let contents = try makeRaw()
        try Tools.img("convert", "-f", "raw", "-O", "qcow2", folder.file("raw"), folder.file("image"))
        let source = try source("image", .qcow2)
        let results = Results()
        let ended = (0..<6).map { _ in Latch() }
        for worker in 0..<6 {
            let started = DetachedThread.start(name: "reader") {
                let range = UInt64(worker) << 20..<UInt64(worker + 2) << 20
                let same = (try? source.bytes(in: range)).map {
                    $0.elementsEqual(contents[Int(range.lowerBound)..<Int(range.upperBound)])
                }
                results.add(same ?? false)
                ended[worker].open()
            }
            #expect(started == 0)
        }
        for latch in ended { latch.wait() }
        #expect(results.all == Array(repeating: true, count: 6))
    }

    @Test("refuse an export by another name, and tell contexts that aren't there")
    func exportName() throws {
        _ = try makeRaw()
        let chain = try BackingChain.inspect(folder.file("raw"), format: .raw, allowance: try folder.allowance())
        let server = try QemuNBD.serve(chain, export: "vm/vda")
        let client = try server.connect(contexts: [NBDClient.allocationContext, "qemu:dirty-bitmap:none"])
        #expect(Array(client.export.contexts.keys) == [NBDClient.allocationContext])
        #expect(client.export.isReadOnly)
        #expect(throws: DiskError.self) { try NBDSink(client, size: 512, isEmpty: false) }
        #expect(throws: (any Error).self) { try [1].withUnsafeBytes { try client.write($0, at: 0) } }
        server.stop()
        #expect(server.processIdentifier == nil)
        #expect(throws: ToolError.self) { try server.connect() }
    }

    @Test("leave no socket behind, and end with their owner")
    func cleanup() throws {
        _ = try makeRaw()
        let pid: Int32
        do {
            let source = try source("raw", .raw)
            let child = try #require(try children().first)
            pid = try #require(child.first.flatMap { Int32($0) })
            let socket = try #require(child.first { $0.hasPrefix("--socket=") }?.dropFirst("--socket=".count))
            #expect(access(String(socket), F_OK) != 0)
            #expect(access(String(socket[..<(try #require(socket.lastIndex(of: "/")))]), F_OK) != 0)
            _ = try source.bytes(in: 0..<512)
        }
        #expect(kill(pid, 0) != 0)
    }

    @Test("outlive the thread that started them")
    func thread() throws {
        let contents = try makeRaw()
        let chain = try BackingChain.inspect(folder.file("raw"), format: .raw, allowance: try folder.allowance())
        let holder = Holder<QemuNBD>()
        let ended = Latch()
        let started = DetachedThread.start(name: "short-lived") {
            holder.value = try? QemuNBD.serve(chain, export: "e")
            ended.open()
        }
        #expect(started == 0)
        ended.wait()
        // Long enough for a death signal to arrive.
        usleep(100_000)
        let server = try #require(holder.value)
        #expect(try NBDSource(try server.connect()).bytes() == contents)
    }

    @Test("that QEMU can't open fail with QEMU's own words")
    func unreadable() throws {
        let layer = try ImageLayer.inspect(
            try folder.write("short", pattern(512)), format: .raw, allowance: try folder.allowance())
        var lying = layer
        lying.format = .qcow2
        let error = #expect(throws: ToolError.self) {
            try QemuNBD.serve(BackingChain(layers: [lying]), export: "e").connect()
        }
        #expect(error?.description.contains("qcow2") == true)
    }

    @Test("whose server dies fail the read")
    func killed() throws {
        _ = try makeRaw()
        let chain = try BackingChain.inspect(folder.file("raw"), format: .raw, allowance: try folder.allowance())
        let server = try QemuNBD.serve(chain, export: "e")
        let source = NBDSource(try server.connect())
        kill(try #require(server.processIdentifier), SIGKILL)
        let error = #expect(throws: NBDError.self) { try source.bytes() }
        #expect(error?.kind == .disconnected)
    }

    @Test("hold what was written and zeroed", arguments: [8 << 20, (8 << 20) - 700] as [UInt64])
    func sink(size: UInt64) throws {
        let pool = try folder.pool()
        let file = try pool.createTemporary(operation: "op", number: 0)
        var expected = [UInt8](repeating: 0, count: Int(size))
        do {
            let sink = try NBDSink(newQcow2: file, size: size, export: "vm/vda", options: .init())
            func write(_ data: [UInt8], at offset: Int) throws {
                try sink.write(data, at: UInt64(offset))
                expected.replaceSubrange(offset..<offset + data.count, with: data)
            }
            try write(pattern(3 << 20), at: 1 << 20)
            try write(pattern(77), at: Int(size) - 77)
            try sink.zero(2 << 20..<(2 << 20) + 100_001)
            expected.replaceSubrange(2 << 20..<(2 << 20) + 100_001, with: [UInt8](repeating: 0, count: 100_001))
            try sink.zero(6 << 20..<7 << 20)
            try sink.flush()
            let back = try sink.readBack()
            #expect(back.size == size)
            #expect(try back.bytes() == expected)
            let direct = DirectDescriptor(of: file.descriptor.raw, flags: O_RDONLY)
            #expect(back.medium == (direct?.reachesMedium == true ? .direct : .cache))
            #expect(throws: DiskError.self) { try sink.write([1], at: size) }
        }
        try file.publish(as: try FileName("disk.qcow2"))
        try folder.write("expected", expected)
        try Tools.img("check", "-q", "-f", "qcow2", folder.file("disk.qcow2"))
        try Tools.img("compare", "-q", "-f", "qcow2", "-F", "raw", folder.file("disk.qcow2"), folder.file("expected"))
    }

    /// Process id and arguments of the qemu-nbd processes that serve from this test's folder.
    private func children() throws -> [[Substring]] {
        try ChildProcess.run("ps", ["-ww", "-o", "pid=,args=", "--ppid", String(getpid())]).split(separator: "\n")
            .filter { $0.contains(folder.path) && $0.contains("qemu-nbd") }
            .map { $0.split(separator: " ") }
    }
}
