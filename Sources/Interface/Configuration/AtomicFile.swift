import Glibc

/// Files that are there as a whole or not at all.
enum AtomicFile {
    /// Replaces the file at `path`, or the one that a symbolic link there leads to, keeping its permissions; a new
    /// file is its owner's alone. Makes missing folders. Blocks.
    static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
        let target = resolved(path)
        let folder = Folders.parent(of: target)
        try Folders.create(folder)
        var old = stat()
        let mode = stat(target, &old) == 0 ? old.st_mode & 0o777 : 0o600

        let temporary = "\(target).\(UInt64.random(in: .min ... .max))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError(number: errno) }
        do throws(SystemError) {
            defer { close(descriptor) }
            try check(fchmod(descriptor, mode))
            try FileDescriptorWriter.write(bytes, to: descriptor)
            try check(fsync(descriptor))
            try check(rename(temporary, target))
        } catch {
            unlink(temporary)
            throw error
        }
        let parent = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { throw SystemError(number: errno) }
        defer { close(parent) }
        try check(fsync(parent))
    }

    private static func check(_ result: Int32) throws(SystemError) {
        guard result == 0 else { throw SystemError(number: errno) }
    }

    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}
