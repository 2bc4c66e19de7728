import Glibc

/// Why a path or a name is not used.
public enum PathError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The name can't be the name of a file here.
    case badName(String, reason: String)
    /// The path lies outside of what was declared.
    case notAllowed(path: String, declared: String)
    /// A symbolic link stands on the way.
    case symbolicLink(path: String, realPath: String?)
    /// What the path names is not a regular file (or, where one is wanted, not a block device).
    case notRegular(path: String, what: String)
    /// The name is taken.
    case exists(path: String)
    /// Nothing has this name.
    case missing(path: String)
    /// A system call failed.
    case system(operation: String, path: String, errno: Int32)

    /// One line: the place, the cause, and what to do next.
    public var description: String {
        switch self {
        case .badName(let name, let reason):
            return "the name \(Self.printable(name)) can't be used: \(reason)"
        case .notAllowed(let path, let declared):
            return
                "\(Self.printable(path)) is not one of the declared paths (\(declared)); declare its folder as a pool"
        case .symbolicLink(let path, let realPath):
            let remedy = realPath.map { "use \(Self.printable($0)), or declare its folder as a pool" }
            return "a symbolic link is part of \(Self.printable(path)); \(remedy ?? "use the path without it")"
        case .notRegular(let path, let what):
            return "\(Self.printable(path)) is \(what), not a disk image"
        case .exists(let path):
            return "\(Self.printable(path)) exists already; choose another name, or replace it with --force"
        case .missing(let path):
            return "\(Self.printable(path)) does not exist"
        case .system(let operation, let path, let errno):
            if errno == ENOSYS {
                return "can't \(operation) \(Self.printable(path)): the kernel is older than 5.6 and has no openat2"
            }
            return "can't \(operation) \(Self.printable(path)): \(systemMessage(errno))"
        }
    }

    /// A name as it may stand on a terminal: control characters escaped, long ones cut.
    static func printable(_ name: String) -> String {
        var text = ""
        for scalar in name.unicodeScalars.prefix(512) {
            if FileName.isControl(scalar) {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return name.unicodeScalars.count > 512 ? text + "…" : text
    }
}
