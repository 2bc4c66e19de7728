import FoundationEssentials
import Glibc
import Model

/// Where claims lie.
enum ClaimFolder {
    /// One place for the whole machine as root, else one for the user.
    static var standard: String {
        if getuid() == 0 { return "/var/lib/kvm-clone" }
        let home = getenv("HOME").map { String(cString: $0) } ?? "/tmp/kvm-clone-\(getuid())"
        guard let state = getenv("XDG_STATE_HOME"), state.pointee == UInt8(ascii: "/") else {
            return home + "/.local/state/kvm-clone"
        }
        return String(cString: state) + "/kvm-clone"
    }

    static func make(_ path: String) throws(KVMCloneError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw unusable(path)
        }
    }

    static func unusable(_ path: String) -> KVMCloneError {
        KVMCloneError(
            .permissionDenied, "\(path) can't be used", cause: String(cString: strerror(errno)),
            whatToDo: "use another SSH user, or `become: sudo` in the topology")
    }
}
