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
        try InputFile.read(path, field: "config", code: .configuration)
    }
}
