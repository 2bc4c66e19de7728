import Model

/// Where the NBD server of an operation's backup listens.
struct BackupFolder: Sendable {
    private static let name = "nbd"
    private let folder: SocketFolder

    /// Throws when that is no operation's id.
    init(operation: String) throws(KVMCloneError) {
        folder = try SocketFolder(operation: operation)
    }

    var socket: String { folder.socket(Self.name) }

    /// Makes it, as QEMU's own. One that an earlier run has left is used again.
    func make() throws(KVMCloneError) {
        try folder.make(without: [Self.name], purpose: "no backup of a running VM")
    }

    /// Removes it. One that isn't there is no error.
    func remove() { folder.remove([Self.name]) }
}
