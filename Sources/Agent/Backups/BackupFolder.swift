import DataPlane
import Glibc
import Model

/// Where the NBD server of an operation's backup listens: a folder that QEMU may enter and nobody else.
struct BackupFolder: Sendable {
    /// QEMU runs as a user of its own, which may go into its home only.
    static let home = "/var/lib/libvirt/qemu"

    let path: String

    /// Throws when that is no operation's id.
    init(operation: String) throws(KVMCloneError) {
        guard FileName.isOperation(operation) else {
            throw KVMCloneError(.validation, "'\(Validation.printable(operation))' is no operation's id")
        }
        path = "\(Self.home)/kvm-clone-\(operation)"
    }

    var socket: String { path + "/nbd" }

    /// Makes it, as QEMU's own. One that an earlier run has left is used again.
    func make() throws(KVMCloneError) {
        var owner = stat()
        guard lstat(Self.home, &owner) == 0 else { throw failure("there is no \(Self.home)") }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("\(path) can't be made") }
        var info = stat()
        guard lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else { throw failure("\(path) is no folder") }
        guard lchown(path, owner.st_uid, owner.st_gid) == 0 else { throw failure("\(path) can't be given to QEMU") }
        unlink(socket)
    }

    /// Removes it. One that isn't there is no error.
    func remove() {
        unlink(socket)
        rmdir(path)
    }

    private func failure(_ what: String) -> KVMCloneError {
        let cause = String(cString: strerror(errno))
        return KVMCloneError(
            .libvirt, "no backup of a running VM: \(what)", cause: cause,
            whatToDo: "the agent has to be root: `become: sudo` in the topology, or another user")
    }
}
