import CLinux
import Glibc

/// QEMU's own image locks, held for a copy: while they are, QEMU does not start on the image.
///
/// They are open-file-description locks on single bytes of the image: byte 100 + n held means "I use permission n",
/// byte 200 + n held "I don't share permission n" (block/file-posix.c in QEMU). They end with the last descriptor of the
/// description, so also when the process is killed.
public final class ImageLock: Sendable {
    private enum Permission: Int64, CaseIterable {
        case consistentRead = 0
        case write = 1
        case writeUnchanged = 2
        case resize = 3
        var used: Int64 { 100 + rawValue }
        var unshared: Int64 { 200 + rawValue }
    }

    private let descriptor: OwnedDescriptor
    /// The image.
    public let path: String

    /// Locks a source: others may read it, nobody may write or resize it. Throws `.inUse` where somebody can now.
    public static func acquireShared(_ path: String, allowance: ReadAllowance) throws -> ImageLock {
        let image = try allowance.open(path)
        return try ImageLock(image.descriptor.raw, path: image.path, uses: [.consistentRead], keeps: [.write, .resize])
    }

    /// Locks all layers of a chain as sources.
    public static func acquireShared(_ chain: BackingChain, allowance: ReadAllowance) throws -> [ImageLock] {
        var locks: [ImageLock] = []
        for layer in chain.layers {
            // The node behind a declared link to a device is allowed as the link is.
            let allowance = layer.identity.isBlockDevice ? try allowance.adding(file: layer.path) : allowance
            let lock = try acquireShared(layer.path, allowance: allowance)
            guard layer.identity.difference(to: try .of(lock.descriptor.raw, path: layer.path)) == nil else {
                throw DiskError(.changed, "lock", layer.path, detail: "it changed since it was inspected")
            }
            locks.append(lock)
        }
        return locks
    }

    /// Locks an unfinished target for this process alone.
    public static func acquireExclusive(_ file: TemporaryFile) throws -> ImageLock {
        try exclusive(file.descriptor.raw, path: file.path)
    }

    /// Locks a target device for this process alone.
    public static func acquireExclusive(_ device: ResolvedDevice) throws -> ImageLock {
        let open = try device.open(flags: O_RDONLY)
        return try exclusive(open.raw, path: device.path)
    }

    /// Locks a finished file of a pool for this process alone.
    public static func acquireExclusive(_ name: FileName, in root: PoolRoot) throws -> ImageLock {
        let image = try root.openForReading(name)
        return try exclusive(image.descriptor.raw, path: image.path)
    }

    private static func exclusive(_ open: Int32, path: String) throws -> ImageLock {
        try ImageLock(open, path: path, uses: [.consistentRead, .write, .resize], keeps: Permission.allCases)
    }

    private init(_ open: Int32, path: String, uses: [Permission], keeps: [Permission]) throws {
        // A description of its own: locks belong to the description, and end with this object.
        let raw = kc_reopen(open, O_RDONLY | O_NONBLOCK)
        guard raw >= 0 else { throw DiskError.system(errno, "lock", path) }
        descriptor = OwnedDescriptor(owning: raw)
        self.path = path
        // As QEMU does: first say what is wanted, then look for others. Two at once may both lose, never both win.
        for byte in uses.map(\.used) + keeps.map(\.unshared) {
            guard kc_ofd_lock_shared(raw, off_t(byte)) == 0 else { throw DiskError.system(errno, "lock", path) }
        }
        for permission in uses where try isLocked(permission.unshared) {
            throw ImageError.inUse(path: path, by: "another process does not share \"\(permission)\"")
        }
        for permission in keeps where try isLocked(permission.used) {
            throw ImageError.inUse(
                path: path, by: "another process has it open for \"\(permission)\", such as a running VM")
        }
    }

    private func isLocked(_ byte: Int64) throws -> Bool {
        let result = kc_ofd_is_locked(descriptor.raw, off_t(byte))
        guard result >= 0 else { throw DiskError.system(errno, "look at the locks of", path) }
        return result == 1
    }
}
