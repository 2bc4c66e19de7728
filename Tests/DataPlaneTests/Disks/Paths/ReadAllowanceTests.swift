import Glibc
import Testing

@testable import DataPlane

@Suite("What may be read")
struct ReadAllowanceTests {
    private let folder: TestFolder

    init() throws {
        folder = try TestFolder()
        try folder.write("disk", pattern(100))
        try folder.write("secret", pattern(10))
        #expect(mkdir(folder.file("sub"), 0o700) == 0)
        try folder.write("sub/disk", pattern(50))
        #expect(symlink("sub", folder.file("link")) == 0)
        #expect(symlink("secret", folder.file("disk-link")) == 0)
        #expect(mkfifo(folder.file("fifo"), 0o600) == 0)
    }

    @Test("are the files that were declared by name, and no others")
    func byName() throws {
        let allowance = try ReadAllowance(files: [folder.file("disk")])
        #expect(try allowance.open(folder.file("disk")).identity.fileSize == 100)
        #expect(try allowance.open(folder.file("sub/../disk")).path == folder.file("disk"))
        for name in ["secret", "sub/disk", "disk/..", "disk2"] {
            let error = #expect(throws: PathError.self) { _ = try allowance.open(folder.file(name)) }
            guard case .notAllowed = error else {
                Issue.record("\(name): \(String(describing: error))")
                continue
            }
        }
    }

    @Test("are all files below a root")
    func byRoot() throws {
        let allowance = try ReadAllowance(roots: [folder.file("sub")])
        #expect(try allowance.open(folder.file("sub/disk")).identity.fileSize == 50)
        #expect(try !allowance.covers(folder.file("disk")))
        #expect(try !allowance.covers(folder.file("sub")))
        #expect(try !allowance.covers(folder.file("sub2/disk")))
        #expect(throws: PathError.self) { _ = try allowance.open(folder.file("sub/../secret")) }
    }

    @Test(
        "never comes from a link, FIFO or folder", arguments: ["link/disk", "disk-link", "fifo", "sub"], [true, false])
    func kinds(name: String, isDeclared: Bool) throws {
        let path = folder.file(name)
        let allowance = isDeclared ? try ReadAllowance(files: [path]) : try folder.allowance()
        let error = #expect(throws: PathError.self) { _ = try allowance.open(path) }
        #expect(error?.description.contains(path) == true)
    }

    @Test("may lie behind a root that is a link itself")
    func rootLink() throws {
        let allowance = try ReadAllowance(files: [folder.file("link/disk")], roots: [folder.file("link")])
        #expect(try allowance.open(folder.file("link/disk")).identity.fileSize == 50)
    }

    @Test("that is missing is said to be missing")
    func missing() throws {
        let allowance = try folder.allowance()
        #expect(throws: PathError.missing(path: folder.file("none"))) { _ = try allowance.open(folder.file("none")) }
    }

    @Test("is told with the free space of its file system")
    func freeSpace() throws {
        let space = try FreeSpace(at: folder.path)
        #expect(space.available > 0)
        #expect(space.total >= space.available)
        #expect(throws: PathError.self) { try FreeSpace(at: folder.file("none")) }
    }
}
