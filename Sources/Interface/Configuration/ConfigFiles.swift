import FoundationEssentials
import Glibc
import Model

/// The configuration files of one start.
public struct ConfigFiles: Sendable {
    /// Those that exist, the weightiest first.
    public var files: [ConfigFile] = []
    /// What the user should know about them.
    public var notes: [String] = []

    /// Reads the files; blocks. With `explicit` (from `--config` or KVM_CLONE_CONFIG) that file stands in the user's
    /// place and must exist.
    public init(explicit: String?, paths: ConfigPaths) throws(KVMCloneError) {
        if let explicit {
            guard let file = try Self.read(explicit) else {
                throw KVMCloneError(
                    .configuration, "the configuration '\(Validation.printable(explicit))' doesn't exist",
                    whatToDo: "name another file, or make one with `kvm-clone config init`", field: "config")
            }
            files.append(file)
        } else if let user = try Self.read(paths.userFile) {
            files.append(user)
        } else if let old = try Self.read(paths.oldUserFile) {
            files.append(old)
            notes.append("\(paths.oldUserFile) is an old place: move it to \(paths.userFile)")
        }
        if let system = try Self.read(paths.systemFile) { files.append(system) }
    }

    /// Reads one file; nil when it doesn't exist.
    static func read(_ path: String) throws(KVMCloneError) -> ConfigFile? {
        guard let bytes = try bytes(of: path) else { return nil }
        return try ConfigFile(parsing: bytes, path: path)
    }

    /// The file's content, at most 1 MiB; nil when it doesn't exist.
    static func bytes(of path: String) throws(KVMCloneError) -> [UInt8]? {
        func failure(_ cause: String) -> KVMCloneError {
            KVMCloneError(
                .configuration, "can't read the configuration '\(Validation.printable(path))'", cause: cause,
                whatToDo: "check the file and its permissions", field: "config")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure(String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(String(cString: strerror(errno))) }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= 1 << 20 else { throw failure("it is larger than 1 MiB") }
        }
    }
}
