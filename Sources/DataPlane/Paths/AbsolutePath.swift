import Glibc

/// Absolute paths as text: checked, and brought to one form without asking the file system.
enum AbsolutePath {
    /// The components of an absolute path. `.` and empty ones are dropped, `..` takes away the one before it.
    static func components(_ path: String) throws(PathError) -> [String] {
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw .badName(path, reason: "it is not an absolute path")
        }
        guard path.utf8.count < Int(PATH_MAX) else {
            throw .badName(path, reason: "it is longer than \(PATH_MAX - 1) bytes")
        }
        var components: [String] = []
        for part in path.utf8.split(separator: UInt8(ascii: "/")) {
            // A view of a string's UTF-8 that was split at an ASCII byte is valid UTF-8 again.
            let component = String(decoding: part, as: UTF8.self)
            if component == "." { continue }
            if component == ".." {
                if !components.isEmpty { components.removeLast() }
                continue
            }
            try FileName.check(component)
            components.append(component)
        }
        return components
    }

    /// The path in its one form.
    static func normalized(_ path: String) throws(PathError) -> String {
        "/" + (try components(path)).joined(separator: "/")
    }

    /// The components of `path` below `root`; nil when it does not lie there. Empty when both are the same.
    static func components(of path: String, below root: String) throws(PathError) -> [String]? {
        let path = try components(path)
        let root = try components(root)
        guard path.starts(with: root) else { return nil }
        return Array(path.dropFirst(root.count))
    }

    /// The path without symbolic links, as the file system has it now; nil when there is none.
    static func real(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(validatingCString: pointer)
    }
}
