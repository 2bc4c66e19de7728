import Glibc

/// What tells one state of a file or device from another: which file it is, and its size and times.
public struct FileIdentity: Sendable, Hashable {
    /// Device number of the file system that holds it.
    public var device: UInt64
    /// Inode number.
    public var inode: UInt64
    /// Size in bytes; 0 for block devices.
    public var fileSize: UInt64
    /// Last change of the contents, in nanoseconds since 1970.
    public var modified: Int64
    /// Last change of contents or attributes, in nanoseconds since 1970.
    public var changed: Int64
    /// Bytes of storage that the file system has given to the file.
    public var allocated: UInt64
    /// True for a block device.
    public var isBlockDevice: Bool
    /// Number of the device itself, for a block device.
    public var blockDevice: UInt64

    init(_ info: stat) {
        device = UInt64(info.st_dev)
        inode = UInt64(info.st_ino)
        fileSize = UInt64(max(0, info.st_size))
        modified = Self.nanoseconds(info.st_mtim)
        changed = Self.nanoseconds(info.st_ctim)
        allocated = UInt64(max(0, info.st_blocks)) * 512
        isBlockDevice = info.st_mode & S_IFMT == S_IFBLK
        blockDevice = isBlockDevice ? UInt64(info.st_rdev) : 0
    }

    /// The identity of an open file.
    static func of(_ descriptor: Int32, path: String) throws -> FileIdentity {
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw DiskError.system(errno, "look at", path) }
        return FileIdentity(info)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000).partialValue &+ Int64(time.tv_nsec)
    }

    /// The first difference that matters for a copy, in words; nil when there is none.
    ///
    /// The times of a device node say nothing about what the device holds, and are not compared.
    func difference(to now: FileIdentity) -> String? {
        guard device == now.device, inode == now.inode, blockDevice == now.blockDevice else {
            return "another file stands under this name"
        }
        if isBlockDevice { return nil }
        if fileSize != now.fileSize { return "its size went from \(fileSize) to \(now.fileSize)" }
        if modified != now.modified { return "its contents were written (modification time)" }
        if changed != now.changed { return "its contents or attributes were changed (change time)" }
        return nil
    }
}

/// Keeps a file open and tells whether it is still what it was.
public final class FileWatch: Sendable {
    private let descriptor: OwnedDescriptor
    private let path: String
    /// The state at the start.
    public let identity: FileIdentity

    /// Starts watching an image that is open for reading. The watch keeps a descriptor of its own.
    public init(_ image: borrowing OpenImage) throws {
        let copy = fcntl(image.descriptor.raw, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw DiskError.system(errno, "open", image.path) }
        descriptor = OwnedDescriptor(owning: copy)
        path = image.path
        identity = image.identity
    }

    /// Throws `.changed` when the file, or what stands under its name, differs from the start.
    public func check() throws {
        try Self.check(descriptor.raw, path: path, against: identity)
    }

    static func check(_ descriptor: Int32, path: String, against identity: FileIdentity) throws {
        if let difference = identity.difference(to: try .of(descriptor, path: path)) {
            throw DiskError(.changed, "go on with", path, detail: difference)
        }
        var named = stat()
        guard stat(path, &named) == 0 else {
            throw DiskError(.changed, "go on with", path, errno: errno, detail: "its name is gone")
        }
        if let difference = identity.difference(to: FileIdentity(named)) {
            throw DiskError(.changed, "go on with", path, detail: difference)
        }
    }
}
