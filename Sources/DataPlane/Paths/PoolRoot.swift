import CLinux
import Glibc
import Model

/// A folder that disks may be written to: a declared pool, or a folder below one.
///
/// Everything is done relative to its open descriptor, so that nobody can move the folder away in between. Files in
/// it are named by single, checked names.
public final class PoolRoot: Sendable {
    /// The folder as it was asked for.
    public let path: String
    let descriptor: OwnedDescriptor

    /// Opens `path`, which is one of the allowed roots or lies below one.
    ///
    /// A root itself may be reached through symbolic links, for it is the administrator's word; below it none is
    /// followed.
    public init(_ path: String, allowedRoots: [String]) throws {
        self.path = try AbsolutePath.normalized(path)
        for root in allowedRoots {
            guard let below = try AbsolutePath.components(of: path, below: root) else { continue }
            let top = try Self.openRoot(root)
            if below.isEmpty {
                descriptor = top
            } else {
                descriptor = try BeneathOpen.open(
                    top.raw, below.joined(separator: "/"), flags: O_RDONLY | O_DIRECTORY, path: self.path)
            }
            return
        }
        throw PathError.notAllowed(path: path, declared: allowedRoots.joined(separator: ", "))
    }

    static func openRoot(_ path: String) throws(PathError) -> OwnedDescriptor {
        let raw = open(try AbsolutePath.normalized(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard raw >= 0 else { throw .system(operation: "open the pool", path: path, errno: errno) }
        return OwnedDescriptor(owning: raw)
    }

    /// Makes an empty file under an unfinished name, mode 0600. An existing one is an error.
    public func createTemporary(operation: String, number: Int) throws -> TemporaryFile {
        let name = try FileName.temporary(operation: operation, number: number)
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW
        let file = try BeneathOpen.open(descriptor.raw, name.string, flags: flags, mode: 0o600, path: fullPath(name))
        return TemporaryFile(in: self, name: name, descriptor: file, isNew: true)
    }

    /// Opens the unfinished file of an earlier run again.
    public func openTemporary(operation: String, number: Int) throws -> TemporaryFile {
        let name = try FileName.temporary(operation: operation, number: number)
        let file = try BeneathOpen.openRegular(descriptor.raw, name.string, flags: O_RDWR, path: fullPath(name))
        return TemporaryFile(in: self, name: name, descriptor: file, isNew: false)
    }

    /// Opens a finished file for reading.
    public func openForReading(_ name: FileName) throws -> OpenImage {
        let path = fullPath(name)
        return try OpenImage(
            try BeneathOpen.openRegular(descriptor.raw, name.string, flags: O_RDONLY, path: path), path: path)
    }

    /// True when anything at all has this name.
    public func exists(_ name: FileName) throws -> Bool {
        var info = stat()
        if fstatat(descriptor.raw, name.string, &info, AT_SYMLINK_NOFOLLOW) == 0 { return true }
        guard errno == ENOENT else { throw PathError.system(operation: "look at", path: fullPath(name), errno: errno) }
        return false
    }

    /// Removes a file durably; one that is not there is no error. Folders are refused.
    public func remove(_ name: FileName) throws {
        guard unlinkat(descriptor.raw, name.string, 0) == 0 else {
            if errno == ENOENT { return }
            throw PathError.system(operation: "remove", path: fullPath(name), errno: errno)
        }
        try sync()
    }

    /// Removes all unfinished files of an operation and their journals, and returns the files' names.
    @discardableResult
    public func removeTemporaries(operation: String) throws -> [String] {
        let names = try ownFiles(of: operation, suffix: FileName.temporarySuffix)
        try removeAll(names)
        try removeJournals(operation: operation)
        return names
    }

    /// Removes the scratch files of an operation's backup, which must have ended.
    public func removeScratch(operation: String) throws {
        try removeAll(try ownFiles(of: operation, suffix: OperationFiles.scratchSuffix))
    }

    func fullPath(_ name: FileName) -> String { path == "/" ? "/\(name)" : "\(path)/\(name)" }

    /// Makes names that appeared or went away durable.
    func sync() throws(PathError) {
        guard fsync(descriptor.raw) == 0 else { throw .system(operation: "flush the folder", path: path, errno: errno) }
    }

    func list() throws(PathError) -> [String] {
        // A descriptor of its own: fdopendir takes it over and moves its position.
        let copy = openat(descriptor.raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw .system(operation: "list", path: path, errno: errno) }
        guard let folder = fdopendir(copy) else {
            let cause = errno
            close(copy)
            throw .system(operation: "list", path: path, errno: cause)
        }
        defer { closedir(folder) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
            }
            // Names that are no text are none of ours.
            if let name { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw .system(operation: "list", path: path, errno: errno) }
        return names
    }
}
