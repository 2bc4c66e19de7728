import Glibc

/// What may be read: the files and devices that an inspected domain names, and what lies below declared pools.
public struct ReadAllowance: Sendable {
    /// Absolute paths of files and devices that are allowed by name.
    public let files: Set<String>
    /// Absolute paths of folders whose files are allowed.
    public let roots: [String]

    /// An allowance for exactly these files, and for what lies below these roots.
    public init(files: [String] = [], roots: [String] = []) throws(PathError) {
        var normalized: Set<String> = []
        for file in files { normalized.insert(try AbsolutePath.normalized(file)) }
        self.files = normalized
        var folders: [String] = []
        for root in roots { folders.append(try AbsolutePath.normalized(root)) }
        self.roots = folders
    }

    /// The same allowance and one more file.
    public func adding(file: String) throws(PathError) -> ReadAllowance {
        try ReadAllowance(files: files + [file], roots: roots)
    }

    /// True when the path, as text, is allowed. The file system is not asked.
    public func covers(_ path: String) throws(PathError) -> Bool {
        if files.contains(try AbsolutePath.normalized(path)) { return true }
        return try rootAbove(path) != nil
    }

    /// Opens a regular file or block device for reading.
    ///
    /// Paths outside are refused before the file system is touched. Symbolic links are followed only in the name of a
    /// root, and where a path that is declared by name leads to a block device.
    public func open(_ path: String) throws -> OpenImage {
        let path = try AbsolutePath.normalized(path)
        if files.contains(path) {
            if let device = try? ResolvedDevice(following: path) {
                return try OpenImage(try device.open(flags: O_RDONLY), path: device.path)
            }
            // A file below a pool is opened through the pool, whose own name may have links in it.
            guard let (root, below) = try rootAbove(path) else {
                return try OpenImage(try BeneathOpen.openAbsolute(path, flags: O_RDONLY), path: path)
            }
            return try open(below, under: root, path: path)
        }
        guard let (root, below) = try rootAbove(path) else {
            throw PathError.notAllowed(path: path, declared: (files.sorted() + roots).joined(separator: ", "))
        }
        return try open(below, under: root, path: path)
    }

    private func open(_ below: String, under root: String, path: String) throws -> OpenImage {
        let top = try PoolRoot.openRoot(root)
        return try OpenImage(
            try BeneathOpen.openRegular(top.raw, below, flags: O_RDONLY, path: path), path: path)
    }

    private func rootAbove(_ path: String) throws(PathError) -> (root: String, below: String)? {
        for root in roots {
            if let below = try AbsolutePath.components(of: path, below: root), !below.isEmpty {
                return (root, below.joined(separator: "/"))
            }
        }
        return nil
    }
}
