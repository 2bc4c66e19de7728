/// Why a disk image or its backing chain is not used.
public enum ImageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The header is not that of a sound qcow2 image.
    case malformed(path: String, reason: String)
    /// The image is sound, but needs something that kvm-clone does not do.
    case unsupported(path: String, reason: String)
    /// QEMU marked the image as corrupt.
    case corrupt(path: String)
    /// The image is encrypted.
    case encrypted(path: String)
    /// The backing image is something else than a local file or device.
    case remoteBacking(path: String, backing: String)
    /// The overlay does not say of which format its backing image is.
    case unknownBackingFormat(path: String, backing: String)
    /// An overlay names a backing image outside the declared files and pools. It was not opened.
    case backingNotAllowed(path: String, backing: String)
    /// A layer appears twice.
    case loop(path: String)
    /// More layers than are allowed.
    case tooDeep(path: String, limit: Int)
    /// Another process has the image open in a way that conflicts.
    case inUse(path: String, by: String)

    /// One line: the image, the cause, and what to do next.
    public var description: String {
        switch self {
        case .malformed(let path, let reason):
            return "\(shown(path)) is not a sound qcow2 image: \(reason); check it with qemu-img check, "
                + "or correct the format in the domain XML"
        case .unsupported(let path, let reason):
            return "\(shown(path)) can't be copied: \(reason)"
        case .corrupt(let path):
            return "\(shown(path)) is marked as corrupt; repair it with qemu-img check -r all, after a backup"
        case .encrypted(let path):
            return "\(shown(path)) is an encrypted qcow2 image, which can't be copied; convert it with qemu-img convert"
        case .remoteBacking(let path, let backing):
            return "\(shown(path)) has the backing image \(shown(backing)), which is not a local file; "
                + "flatten it with qemu-img convert"
        case .unknownBackingFormat(let path, let backing):
            return "\(shown(path)) does not record the format of its backing image \(shown(backing)), and it is never "
                + "guessed; record it with qemu-img rebase -u -F FORMAT -b BACKING OVERLAY"
        case .backingNotAllowed(let path, let backing):
            return "\(shown(path)) names the backing image \(shown(backing)), which lies outside the declared pools; "
                + "declare its folder as a pool, if it may be read"
        case .loop(let path):
            return "the backing chain comes back to \(shown(path)); set a right backing image with qemu-img rebase -u"
        case .tooDeep(let path, let limit):
            return
                "the backing chain of \(shown(path)) has more than \(limit) layers; shorten it with virsh blockcommit"
        case .inUse(let path, let by):
            return "\(shown(path)) is in use: \(by); shut the VM down, or end what uses it"
        }
    }

    private func shown(_ path: String) -> String { PathError.printable(path) }
}
