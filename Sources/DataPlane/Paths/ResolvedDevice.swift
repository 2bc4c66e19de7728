import CLinux
import Glibc

/// A block device whose symbolic links (by-id, LVM) were followed once, held by its device number.
public struct ResolvedDevice: Sendable, Hashable {
    /// The device node.
    public let path: String
    /// Device number, as in `st_rdev`.
    public let number: UInt64

    /// Major and minor number, as `lsblk` prints them.
    public var majorMinor: String { "\(kc_device_major(dev_t(number))):\(kc_device_minor(dev_t(number)))" }

    /// Follows the links of `name` to a block device. Anything else is refused.
    public init(following name: String) throws(PathError) {
        _ = try AbsolutePath.components(name)
        guard let path = AbsolutePath.real(name) else {
            throw errno == ENOENT
                ? .missing(path: name) : .system(operation: "follow", path: name, errno: errno)
        }
        var info = stat()
        guard lstat(path, &info) == 0 else { throw .system(operation: "look at", path: path, errno: errno) }
        guard info.st_mode & S_IFMT == S_IFBLK else {
            throw .notRegular(path: name, what: "not a block device")
        }
        self.path = path
        number = UInt64(info.st_rdev)
    }

    /// Opens the node, and checks that it still is the same device.
    func open(flags: Int32) throws -> OwnedDescriptor {
        let raw = kc_open_no_symlinks(path, flags | O_NOFOLLOW | O_NONBLOCK)
        guard raw >= 0 else { throw DiskError.system(errno, "open", path) }
        let device = OwnedDescriptor(owning: raw)
        let identity = try FileIdentity.of(device.raw, path: path)
        guard identity.isBlockDevice, identity.blockDevice == number else {
            throw DiskError(.changed, "open", path, detail: "it is another device than before")
        }
        return device
    }
}
