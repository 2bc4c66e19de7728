import CLinux
import Glibc

/// An image that is open for reading: a regular file or a block device, nothing else.
public struct OpenImage: ~Copyable, Sendable {
    let descriptor: OwnedDescriptor
    /// Where it is; for a device the node itself, not a link to it.
    public let path: String
    /// What it was when it was opened.
    public let identity: FileIdentity

    init(_ descriptor: consuming OwnedDescriptor, path: String) throws {
        identity = try FileIdentity.of(descriptor.raw, path: path)
        self.descriptor = descriptor
        self.path = path
    }
}

/// Opens that follow no symbolic link.
enum BeneathOpen {
    /// Opens `relative` below the folder `directory`; `path` is its full name, for messages.
    static func open(_ directory: Int32, _ relative: String, flags: Int32, mode: mode_t = 0, path: String)
        throws(PathError) -> OwnedDescriptor
    {
        let raw = kc_open_beneath(directory, relative, flags, mode)
        guard raw >= 0 else { throw error(errno, path: path) }
        return OwnedDescriptor(owning: raw)
    }

    /// Opens a regular file below `directory`. A FIFO never makes it wait.
    static func openRegular(_ directory: Int32, _ relative: String, flags: Int32, path: String)
        throws(PathError) -> OwnedDescriptor
    {
        let file = try open(directory, relative, flags: flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, path: path)
        let kind = try kind(of: file.raw, path: path)
        guard kind == S_IFREG else { throw .notRegular(path: path, what: describe(kind)) }
        return file
    }

    /// Opens a regular file or block device by its absolute path.
    static func openAbsolute(_ path: String, flags: Int32) throws(PathError) -> OwnedDescriptor {
        let raw = kc_open_no_symlinks(path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
        guard raw >= 0 else { throw error(errno, path: path) }
        let file = OwnedDescriptor(owning: raw)
        let kind = try kind(of: file.raw, path: path)
        guard kind == S_IFREG || kind == S_IFBLK else { throw .notRegular(path: path, what: describe(kind)) }
        return file
    }

    static func kind(of descriptor: Int32, path: String) throws(PathError) -> mode_t {
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw .system(operation: "look at", path: path, errno: errno) }
        return info.st_mode & S_IFMT
    }

    private static func error(_ cause: Int32, path: String) -> PathError {
        switch cause {
        case ELOOP: .symbolicLink(path: path, realPath: AbsolutePath.real(path))
        case EXDEV: .notAllowed(path: path, declared: "it leaves its pool")
        case EEXIST: .exists(path: path)
        case ENOENT: .missing(path: path)
        case EISDIR: .notRegular(path: path, what: describe(S_IFDIR))
        // What opening a socket, or a FIFO for writing without a reader, gives.
        case ENXIO: .notRegular(path: path, what: "a socket, FIFO or device without a driver")
        default: .system(operation: "open", path: path, errno: cause)
        }
    }

    private static func describe(_ kind: mode_t) -> String {
        switch kind {
        case S_IFDIR: "a folder"
        case S_IFIFO: "a FIFO"
        case S_IFSOCK: "a socket"
        case S_IFCHR: "a character device"
        case S_IFBLK: "a block device"
        case S_IFLNK: "a symbolic link"
        case S_IFREG: "a regular file"
        default: "of an unknown kind"
        }
    }
}
