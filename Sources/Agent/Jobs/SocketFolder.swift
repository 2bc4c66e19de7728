import DataPlane
import Glibc
import Model

/// A folder of an operation for sockets that QEMU may use and nobody else. Its path is the same on all hosts.
struct SocketFolder: Sendable {
    /// QEMU runs as a user of its own, which may go into its home only.
    static let home = "/var/lib/libvirt/qemu"

    private let home: String
    let path: String

    /// Throws when that is no operation's id. `home`: whose owner is QEMU's user.
    init(operation: String, home: String = Self.home) throws(KVMCloneError) {
        guard FileName.isOperation(operation) else {
            throw KVMCloneError(.validation, "'\(Validation.printable(operation))' is no operation's id")
        }
        self.home = home
        path = "\(home)/kvm-clone-\(operation)"
    }

    /// The path of a socket in it.
    func socket(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes it, as QEMU's own, and answers whose that is. One that an earlier run has left is used again, without the
    /// sockets of these names. `purpose`: what fails otherwise.
    @discardableResult
    func make(without names: [String], purpose: String) throws(KVMCloneError) -> (user: uid_t, group: gid_t) {
        var owner = stat()
        guard lstat(home, &owner) == 0 else { throw failure(purpose, "there is no \(home)") }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure(purpose, "\(path) can't be made") }
        var info = stat()
        guard lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
            throw failure(purpose, "\(path) is no folder")
        }
        guard lchown(path, owner.st_uid, owner.st_gid) == 0 else {
            throw failure(purpose, "\(path) can't be given to QEMU")
        }
        for name in names { unlink(socket(name)) }
        return (owner.st_uid, owner.st_gid)
    }

    /// Removes the sockets of these names, and the folder when nothing else is in it. One that isn't there is no error.
    func remove(_ names: [String]) {
        for name in names { unlink(socket(name)) }
        rmdir(path)
    }

    private func failure(_ purpose: String, _ what: String) -> KVMCloneError {
        let cause = String(cString: strerror(errno))
        return KVMCloneError(
            .libvirt, "\(purpose): \(what)", cause: cause,
            whatToDo: "the agent has to be root: `become: sudo` in the topology, or another user")
    }
}
