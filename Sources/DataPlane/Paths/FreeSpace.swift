import Glibc

/// Room on the file system that holds a path.
public struct FreeSpace: Sendable, Equatable {
    /// Bytes that are left for this process's user.
    public var available: UInt64
    /// Bytes of the whole file system.
    public var total: UInt64

    /// Asks the file system (statvfs).
    public init(at path: String) throws(PathError) {
        var info = statvfs()
        guard statvfs(try AbsolutePath.normalized(path), &info) == 0 else {
            throw .system(operation: "get the free space of", path: path, errno: errno)
        }
        available = UInt64(info.f_bavail).multipliedReportingOverflow(by: UInt64(info.f_frsize)).partialValue
        total = UInt64(info.f_blocks).multipliedReportingOverflow(by: UInt64(info.f_frsize)).partialValue
    }
}
