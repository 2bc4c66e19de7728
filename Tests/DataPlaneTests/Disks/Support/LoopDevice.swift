import Glibc

@testable import DataPlane

/// A loop device over a file.
enum LoopDevice {
    /// Attaches one, and detaches it when the body is done.
    static func with<Result>(_ file: String, _ body: (String) throws -> Result) throws -> Result {
        let path = try ChildProcess.run("losetup", ["--find", "--show", "--", file]).trimmed
        defer { _ = try? ChildProcess.run("losetup", ["--detach", path]) }
        return try body(path)
    }

    /// Loop devices need root and a kernel that has them.
    static let areAvailable: Bool = {
        guard geteuid() == 0, access("/dev/loop-control", R_OK | W_OK) == 0, let folder = try? TestFolder() else {
            return false
        }
        return withExtendedLifetime(folder) {
            (try? with(try folder.write("probe", size: 1 << 20)) { access($0, R_OK | W_OK) == 0 }) ?? false
        }
    }()
}

/// A file system in memory of a few MiB.
enum SmallFileSystem {
    /// Mounts one in a folder, and unmounts it when the body is done.
    static func with<Result>(in folder: TestFolder, bytes: Int, _ body: (String) throws -> Result) throws -> Result {
        let path = folder.file("small")
        mkdir(path, 0o700)
        _ = try ChildProcess.run("mount", ["-t", "tmpfs", "-o", "size=\(bytes)", "none", path])
        defer { _ = try? ChildProcess.run("umount", [path]) }
        return try body(path)
    }

    /// Mounting needs root.
    static let isAvailable: Bool = {
        guard geteuid() == 0, let folder = try? TestFolder() else { return false }
        return withExtendedLifetime(folder) { (try? with(in: folder, bytes: 1 << 20) { _ in true }) ?? false }
    }()
}

extension String {
    /// Without a line's end.
    var trimmed: String { split(whereSeparator: \.isNewline).first.map(String.init) ?? "" }
}
