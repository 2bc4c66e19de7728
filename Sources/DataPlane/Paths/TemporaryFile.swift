import CLinux
import Glibc
import Synchronization

/// User and group of a file, and its permission bits.
public struct FileOwnership: Sendable, Equatable {
    /// User id.
    public var user: UInt32
    /// Group id.
    public var group: UInt32
    /// Permission bits such as 0o600; no set-id bits.
    public var mode: UInt32

    /// An ownership with all its parts.
    public init(user: UInt32, group: UInt32, mode: UInt32) {
        self.user = user
        self.group = group
        self.mode = mode & 0o777
    }
}

/// A file under an unfinished name. It gets its final name when it is complete, or goes away.
///
/// A file that is neither published nor discarded stays, so that a resumed operation finds it.
public final class TemporaryFile: Sendable {
    private enum Fate { case open, published, discarded }

    /// Where it is until it is published.
    public let path: String
    /// True when it was made just now, and so is known to be empty.
    public let isNew: Bool
    let descriptor: OwnedDescriptor
    private let root: PoolRoot
    private let name: FileName
    private let fate = Mutex(Fate.open)

    init(in root: PoolRoot, name: FileName, descriptor: consuming OwnedDescriptor, isNew: Bool) {
        self.root = root
        self.name = name
        self.descriptor = descriptor
        self.isNew = isNew
        path = root.fullPath(name)
    }

    /// Gives the file its final name. The order is what makes a crash harmless: owner and mode, fsync of the file,
    /// rename, fsync of the folder. So the final name never stands for anything but the complete file.
    ///
    /// - Parameters:
    ///   - ownership: nil leaves what it was made with: the caller's user and 0600. libvirt gives an image to QEMU's
    ///     user itself when the VM starts (dynamic ownership, its default).
    ///   - replacing: with false an existing name is an error and stays untouched.
    public func publish(as final: FileName, ownership: FileOwnership? = nil, replacing: Bool = false) throws {
        try fate.withLock { fate in
            precondition(fate == .open, "a file is published or discarded once")
            if let ownership {
                // Owner first: chown clears set-id bits, and until then nobody else may have access.
                guard fchown(descriptor.raw, ownership.user, ownership.group) == 0 else {
                    throw PathError.system(operation: "set the owner of", path: path, errno: errno)
                }
                guard fchmod(descriptor.raw, mode_t(ownership.mode)) == 0 else {
                    throw PathError.system(operation: "set the mode of", path: path, errno: errno)
                }
            }
            guard fsync(descriptor.raw) == 0 else { throw DiskError.system(errno, "flush", path) }
            try rename(to: final, replacing: replacing)
            fate = .published
            try root.sync()
        }
    }

    /// Gives a published file its unfinished name back; durable. Does nothing to one that isn't published.
    public func unpublish(_ final: FileName) throws {
        try fate.withLock { fate in
            guard fate == .published else { return }
            let folder = root.descriptor.raw
            guard kc_rename_noreplace(folder, final.string, folder, name.string) == 0 else {
                throw PathError.system(operation: "rename", path: root.fullPath(final), errno: errno)
            }
            fate = .open
            try root.sync()
        }
    }

    private func rename(to final: FileName, replacing: Bool) throws {
        let folder = root.descriptor.raw
        // What is renamed must be what is open here, not what someone put in its place.
        var named = stat()
        guard fstatat(folder, name.string, &named, AT_SYMLINK_NOFOLLOW) == 0,
            FileIdentity(named).inode == (try FileIdentity.of(descriptor.raw, path: path)).inode
        else { throw DiskError(.changed, "publish", path, detail: "another file stands under its temporary name") }
        let result =
            replacing
            ? renameat(folder, name.string, folder, final.string)
            : kc_rename_noreplace(folder, name.string, folder, final.string)
        guard result == 0 else {
            let target = root.fullPath(final)
            if errno == EEXIST { throw PathError.exists(path: target) }
            throw PathError.system(operation: "rename \(path) to", path: target, errno: errno)
        }
    }

    /// Removes the file. Does nothing when it was discarded before; a published file stays.
    public func discard() throws {
        try fate.withLock { fate in
            guard fate == .open else { return }
            guard unlinkat(root.descriptor.raw, name.string, 0) == 0 || errno == ENOENT else {
                throw PathError.system(operation: "remove", path: path, errno: errno)
            }
            fate = .discarded
            try root.sync()
        }
    }
}
