/// Prepares a host for a backup of a running domain: a folder for the socket of QEMU's NBD server, and a guard, which is a
/// process of its own. When this agent ends in whatever way, the guard thaws the guest and ends the backup.
package struct OpenBackup: AgentRequest {
    package static let name = "backup.open"

    package var backup: BackupIdentity

    package init(_ backup: BackupIdentity) {
        self.backup = backup
    }

    package struct Response: Codable, Sendable, Equatable {
        /// Where the NBD server is to listen.
        package var socket: String

        package init(socket: String) {
            self.socket = socket
        }
    }
}

/// One backup of one operation.
package struct BackupIdentity: Codable, Sendable, Hashable {
    /// The operation that makes it.
    package var operation: String
    /// The domain's uuid.
    package var domain: String
    /// Folders in which QEMU keeps what the guest overwrites meanwhile. Files of the operation that are left there are
    /// removed.
    package var folders: [String]

    package init(operation: String, domain: String, folders: [String]) {
        self.operation = operation
        self.domain = domain
        self.folders = folders
    }
}

/// Tells the guard, before a guest is frozen, and after it was thawed. A guest that isn't thawed in time is thawed by the
/// guard.
package struct NoteFreeze: AgentRequest {
    package static let name = "backup.freeze"

    package var operation: String
    /// Seconds for which the guest may be frozen from now on; nil: it isn't any more.
    package var seconds: Int?

    package init(operation: String, seconds: Int?) {
        self.operation = operation
        self.seconds = seconds
    }

    package typealias Response = Done
}

/// Ends a backup that this or another agent has prepared: its job in libvirt, its socket, its scratch files. One that has
/// ended already is no error.
package struct CloseBackup: AgentRequest {
    package static let name = "backup.close"

    package var backup: BackupIdentity

    package init(_ backup: BackupIdentity) {
        self.backup = backup
    }

    package typealias Response = Done
}
