import Glibc
import Testing

@testable import DataPlane

@Suite("A backing chain", .enabled(if: Tools.haveImages, "needs qemu-utils"))
struct BackingChainTests {
    private let folder: TestFolder

    init() throws {
        folder = try TestFolder()
        #expect(mkdir(folder.file("pool"), 0o700) == 0)
    }

    private func inspect(_ name: String, _ format: ImageFormat = .qcow2) throws -> BackingChain {
        let allowance = try ReadAllowance(roots: [folder.file("pool")])
        return try BackingChain.inspect(folder.file("pool/\(name)"), format: format, allowance: allowance)
    }

    /// An overlay by qemu-img that was not shown its backing image.
    private func overlay(_ name: String, on backing: String, format: String = "qcow2") throws {
        try Tools.img(
            "create", "-q", "-f", "qcow2", "-u", "-b", backing, "-F", format, folder.file("pool/\(name)"), "1M")
    }

    private func image(_ name: String, _ options: String...) throws {
        _ = try ChildProcess.run(
            "qemu-img", ["create", "-q", "-f", "qcow2"] + options + [folder.file("pool/\(name)"), "1M"])
    }

    @Test("is followed by what its headers record, relative names from the overlay's folder")
    func chain() throws {
        #expect(mkdir(folder.file("pool/sub"), 0o700) == 0)
        try folder.write("pool/base.raw", pattern(1 << 20))
        try overlay("sub/middle", on: "../base.raw", format: "raw")
        try overlay("top", on: "sub/middle")
        let chain = try inspect("top")
        #expect(chain.layers.map(\.path) == ["top", "sub/middle", "base.raw"].map { folder.file("pool/\($0)") })
        #expect(chain.layers.map(\.format) == [.qcow2, .qcow2, .raw])
        #expect(chain.layers.map(\.virtualSize) == [1 << 20, 1 << 20, 1 << 20])
        #expect(chain.layers[2].allocated >= 1 << 20)
        #expect(chain.layers[2].header == nil)
        #expect(chain.layers.allSatisfy { !$0.identity.isBlockDevice })
    }

    @Test("ends at a raw image, whatever its first bytes are")
    func rawStaysRaw() throws {
        try overlay("trap", on: "/etc/shadow", format: "raw")
        let chain = try inspect("trap", .raw)
        #expect(chain.layers.count == 1)
        #expect(chain.virtualSize == chain.layers[0].fileSize)
    }

    @Test(
        "that leads elsewhere is refused, and the place is not opened",
        arguments: [
            "/etc/shadow", "../../etc/shadow", "../outside", "FOLDER/outside", "FOLDER/pool/../outside",
            "FOLDER/pool2/x",
        ])
    func outside(backing: String) throws {
        // Opening a FIFO for reading without a writer would be refused in another way.
        #expect(mkfifo(folder.file("outside"), 0o600) == 0)
        try overlay("top", on: backing.replacing("FOLDER", with: folder.path))
        let error = #expect(throws: ImageError.self) { try inspect("top") }
        guard case .backingNotAllowed = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        "that is not of local files is refused",
        arguments: [
            "nbd://host/export", "json:{\"driver\":\"file\",\"filename\":\"/etc/shadow\"}", "ssh://h/x", "https://h/x",
            "file:/etc/shadow", "fat:/etc", "rbd:pool/x", "a:b",
        ])
    func remote(backing: String) throws {
        try folder.write(
            "pool/top", Header.backed(by: backing, format: "raw") + [UInt8](repeating: 0, count: 3 * 65_536))
        let error = #expect(throws: ImageError.self) { try inspect("top") }
        #expect(error == .remoteBacking(path: folder.file("pool/top"), backing: backing))
    }

    @Test("with a colon after a slash is of local files", arguments: ["./a:b", "FOLDER/pool/a:b"])
    func colon(backing: String) throws {
        try folder.write("pool/a:b", pattern(4096))
        let backing = backing.replacing("FOLDER", with: folder.path)
        try folder.write(
            "pool/top", Header.backed(by: backing, format: "raw") + [UInt8](repeating: 0, count: 3 * 65_536))
        #expect(try inspect("top").layers.count == 2)
    }

    @Test("without a recorded format is refused with the way out, and taken where the domain XML declares it")
    func unknownFormat() throws {
        try folder.write("pool/base", pattern(4096))
        try overlay("top", on: "base", format: "raw")
        try Header.forgetBackingFormat(folder.file("pool/top"))
        let error = #expect(throws: ImageError.self) { try inspect("top") }
        #expect(error == .unknownBackingFormat(path: folder.file("pool/top"), backing: folder.file("pool/base")))
        #expect(error?.description.contains("qemu-img rebase -u -F") == true)
        let chain = try BackingChain.inspect(
            folder.file("pool/top"), format: .qcow2, backingFormats: [folder.file("pool/./base"): .raw],
            allowance: try ReadAllowance(roots: [folder.file("pool")]))
        #expect(chain.layers.map(\.format) == [.qcow2, .raw])
    }

    @Test("of a format that is not known here is refused")
    func otherFormat() throws {
        try overlay("top", on: "base", format: "vmdk")
        let error = #expect(throws: ImageError.self) { try inspect("top") }
        guard case .unsupported = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("that comes back to itself is refused", arguments: ["a", "b"])
    func loop(start: String) throws {
        try overlay("a", on: "b")
        try overlay("b", on: "./../pool/a")
        let error = #expect(throws: ImageError.self) { try inspect(start) }
        #expect(error == .loop(path: folder.file("pool/\(start)")))
    }

    @Test("of 64 layers is followed, of 65 refused", arguments: [64, 65])
    func depth(layers: Int) throws {
        for index in 0..<layers {
            let tables = [UInt8](repeating: 0, count: 3 * 65_536)
            let isLast = index == layers - 1
            try folder.write(
                "pool/\(index)", (isLast ? Header.sound() : Header.backed(by: "\(index + 1)", format: "qcow2")) + tables
            )
        }
        if layers <= 64 {
            #expect(try inspect("0").layers.count == layers)
        } else {
            #expect(throws: ImageError.tooDeep(path: folder.file("pool/0"), limit: 64)) { try inspect("0") }
        }
    }

    @Test("with an encrypted, corrupt or external image is refused", arguments: ["encrypted", "corrupt", "external"])
    func unusable(kind: String) throws {
        let path = folder.file("pool/base")
        switch kind {
        case "encrypted":
            // It measures how fast it hashes, and gives up where others keep the cores busy.
            for attempt in 1...20 {
                do {
                    try image(
                        "base", "--object", "secret,id=s,data=secret", "-o",
                        "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10")
                    break
                } catch  where attempt < 20 {
                    usleep(100_000)
                }
            }
        case "external": try image("base", "-o", "data_file=\(folder.file("pool/data"))")
        default:
            try folder.write("pool/base", Header.with(72, bytes(UInt64(2))) + [UInt8](repeating: 0, count: 3 * 65_536))
        }
        try overlay("top", on: "base")
        let error = #expect(throws: ImageError.self) { try inspect("top") }
        switch (kind, error) {
        case ("encrypted", .encrypted(path)), ("corrupt", .corrupt(path)), ("external", .unsupported(path, _)): break
        default: Issue.record("\(String(describing: error))")
        }
    }

    @Test("that is declared as qcow2 and is none is refused", arguments: [0, 3, 100, 70_000])
    func notQcow2(size: Int) throws {
        try folder.write("pool/disk", pattern(size))
        #expect(throws: ImageError.self) { try inspect("disk") }
    }

    @Test(
        "takes the features that QEMU uses by default",
        arguments: [
            "compat=0.10", "compression_type=zstd", "extended_l2=on", "lazy_refcounts=on", "cluster_size=512",
            "cluster_size=2M",
        ])
    func features(option: String) throws {
        try image("disk", "-o", option)
        #expect(try inspect("disk").virtualSize == 1 << 20)
    }

    @Test("with a backing image that is missing or behind a link is refused", arguments: ["missing", "link"])
    func missing(kind: String) throws {
        if kind == "link" { #expect(symlink("/etc/hostname", folder.file("pool/base")) == 0) }
        try overlay("top", on: "base", format: "raw")
        #expect(throws: PathError.self) { try inspect("top") }
    }

    @Test(
        "on a block device is followed from the declared link",
        .enabled(if: LoopDevice.areAvailable, "needs root and loop devices"))
    func device() throws {
        try folder.write("backing", size: 4 << 20)
        try LoopDevice.with(folder.file("backing")) { device in
            try folder.write("pool/base", pattern(1 << 20))
            _ = try ChildProcess.run(
                "qemu-img", ["create", "-q", "-f", "qcow2", "-b", folder.file("pool/base"), "-F", "raw", device])
            #expect(symlink(device, folder.file("lv")) == 0)
            let allowance = try ReadAllowance(files: [folder.file("lv")], roots: [folder.file("pool")])
            let chain = try BackingChain.inspect(folder.file("lv"), format: .qcow2, allowance: allowance)
            #expect(chain.layers[0].identity.isBlockDevice)
            #expect(chain.virtualSize == 1 << 20)
            #expect(chain.layers[0].fileSize == 4 << 20)
            #expect(chain.layers.map(\.path) == [device, folder.file("pool/base")])
            let locks = try ImageLock.acquireShared(chain, allowance: allowance)
            #expect(locks.count == 2)
            #expect(try NBDSource(chain, export: "e", allowance: allowance).bytes() == pattern(1 << 20))
        }
    }
}
