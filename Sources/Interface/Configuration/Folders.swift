import Glibc

/// Folders and paths as the configuration needs them.
enum Folders {
    /// The path without its last part; `.` when there is only one.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes the folder and those above it, for their owner alone, where they are missing.
    static func create(_ path: String) throws(SystemError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, path != "/", path != "." else { throw SystemError(number: errno) }
        try create(parent(of: path))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw SystemError(number: errno) }
    }

    /// `~` and `~/…` with the user's home folder; a relative path below `base`.
    static func expand(_ path: String, home: String, base: String) -> String {
        if path == "~" { return home }
        if path.hasPrefix("~/") { return home + path.dropFirst() }
        return path.hasPrefix("/") ? path : "\(base)/\(path)"
    }
}
