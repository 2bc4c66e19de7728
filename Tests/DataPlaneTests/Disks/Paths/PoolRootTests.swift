import Glibc
import Testing

@testable import DataPlane

@Suite("A pool")
struct PoolRootTests {
    private let folder: TestFolder
    private let root: String

    init() throws {
        folder = try TestFolder()
        root = folder.file("pool")
        #expect(mkdir(root, 0o700) == 0)
        #expect(mkdir("\(root)/sub", 0o700) == 0)
    }

    private func pool() throws -> PoolRoot { try PoolRoot(root, allowedRoots: [root]) }

    @Test("opens a declared root and folders below it", arguments: ["", "/", "/sub", "/sub/../sub"])
    func opens(below: String) throws {
        let opened = try PoolRoot(root + below, allowedRoots: ["/nonexistent", root])
        #expect(opened.path.hasPrefix(root))
    }

    @Test(
        "stays shut for what lies outside", arguments: ["/etc", "ROOT/../", "ROOT/sub/../..", "ROOT2", "relative", ""])
    func outside(path: String) {
        let path = path.replacing("ROOT", with: root)
        #expect(throws: PathError.self) { try PoolRoot(path, allowedRoots: [root]) }
    }

    @Test("follows no link below its root, and any that leads to the root")
    func links() throws {
        #expect(symlink("/etc", "\(root)/link") == 0)
        #expect(symlink("sub", "\(root)/inside") == 0)
        #expect(symlink(root, folder.file("alias")) == 0)
        #expect(throws: PathError.symbolicLink(path: "\(root)/link", realPath: "/etc")) {
            try PoolRoot("\(root)/link", allowedRoots: [root])
        }
        #expect(throws: PathError.self) { try PoolRoot("\(root)/inside", allowedRoots: [root]) }
        let alias = try PoolRoot(folder.file("alias/sub"), allowedRoots: [folder.file("alias")])
        try alias.createTemporary(operation: "op", number: 0).publish(as: try FileName("disk"))
        #expect(access("\(root)/sub/disk", F_OK) == 0)
    }

    @Test("gives a file its final name only when it is published")
    func publish() throws {
        let pool = try pool()
        let file = try pool.createTemporary(operation: "op", number: 1)
        let name = try FileName("disk.raw")
        #expect(try !pool.exists(name))
        var info = stat()
        #expect(stat(file.path, &info) == 0)
        #expect(info.st_mode & 0o777 == 0o600)
        let ownership = FileOwnership(user: getuid(), group: getgid(), mode: 0o640)
        try file.publish(as: name, ownership: ownership)
        #expect(try pool.exists(name))
        #expect(access(file.path, F_OK) != 0)
        #expect(stat("\(root)/disk.raw", &info) == 0)
        #expect(info.st_mode & 0o777 == 0o640)
        try file.discard()
        #expect(try pool.exists(name))
    }

    @Test("does not replace a file unless asked", arguments: [false, true])
    func replacing(isAsked: Bool) throws {
        let pool = try pool()
        let name = try FileName("disk")
        let old = try FileSink(try pool.createTemporary(operation: "op", number: 0), size: 3)
        try old.write([1, 2, 3], at: 0)
        try pool.createTemporary(operation: "other", number: 0).publish(as: name)
        let file = try pool.createTemporary(operation: "op", number: 1)
        try FileSink(file, size: 5).write([5, 5, 5, 5, 5], at: 0)
        if isAsked {
            try file.publish(as: name, replacing: true)
        } else {
            #expect(throws: PathError.exists(path: "\(root)/disk")) { try file.publish(as: name) }
            try file.discard()
        }
        #expect(try pool.openForReading(name).identity.fileSize == (isAsked ? 5 : 0))
        #expect(access(file.path, F_OK) != 0)
    }

    @Test("refuses to publish what someone put in the file's place")
    func swapped() throws {
        let file = try pool().createTemporary(operation: "op", number: 0)
        #expect(rename(try folder.write("evil", [1]), file.path) == 0)
        #expect(throws: DiskError.self) { try file.publish(as: try FileName("disk")) }
        #expect(access("\(root)/disk", F_OK) != 0)
    }

    @Test("makes an unfinished file once, and never through a link")
    func exclusive() throws {
        let pool = try pool()
        let file = try pool.createTemporary(operation: "op", number: 0)
        #expect(throws: PathError.exists(path: file.path)) { try pool.createTemporary(operation: "op", number: 0) }
        #expect(symlink(folder.file("target"), "\(root)/.kvm-clone-op-1.partial") == 0)
        #expect(throws: PathError.self) { try pool.createTemporary(operation: "op", number: 1) }
        #expect(throws: PathError.self) { try pool.openTemporary(operation: "op", number: 1) }
        #expect(access(folder.file("target"), F_OK) != 0)
    }

    @Test("removes the unfinished files of one operation only")
    func removeTemporaries() throws {
        let pool = try pool()
        for number in 0..<3 { _ = try pool.createTemporary(operation: "op", number: number) }
        _ = try pool.createTemporary(operation: "op-2", number: 0)
        try pool.createTemporary(operation: "op", number: 9).publish(as: try FileName("disk"))
        #expect(
            try pool.removeTemporaries(operation: "op") == (0..<3).map { ".kvm-clone-op-\($0).partial" })
        #expect(try pool.removeTemporaries(operation: "op").isEmpty)
        #expect(access("\(root)/.kvm-clone-op-2-0.partial", F_OK) == 0)
        #expect(access("\(root)/disk", F_OK) == 0)
        try pool.remove(try FileName("disk"))
        try pool.remove(try FileName("disk"))
        #expect(throws: PathError.self) { try pool.remove(try FileName("sub")) }
    }
}
