import AgentProtocol
import DataPlane
import Glibc
import Model

/// Ends a backup job, whoever has begun it and whatever is left of it. May be done twice.
struct BackupEnding: Sendable {
    /// Asks libvirt; answers what was printed.
    typealias Virsh = @Sendable ([String]) throws(ToolError) -> String

    let backup: BackupIdentity
    let folder: BackupFolder
    let virsh: Virsh

    init(
        _ backup: BackupIdentity,
        virsh: @escaping Virsh = { try HostTool.run("virsh", ["-c", "qemu:///system"] + $0, seconds: 20) }
    ) throws(KVMCloneError) {
        self.backup = backup
        self.virsh = virsh
        folder = try BackupFolder(operation: backup.operation)
    }

    /// Ends the job if it is this operation's, and removes socket and scratch files. Throws when libvirt doesn't answer:
    /// then nothing is known, and nothing was removed.
    func run() throws {
        for _ in 0..<Self.attempts {
            guard try isRunning() else {
                folder.remove()
                try removeScratch()
                return
            }
            // It may have ended by itself meanwhile; that shows at the next look.
            _ = try? virsh(["domjobabort", backup.domain])
            usleep(Self.pause)
        }
        throw KVMCloneError(
            .libvirt, "the backup of \(backup.domain) does not end", whatToDo: "virsh domjobabort \(backup.domain)")
    }

    /// Thaws the guest, if there still is one. Throws when that can't be told.
    func thaw() throws {
        do {
            _ = try virsh(["domfsthaw", backup.domain])
        } catch {
            guard try exists() else { return }
            throw error
        }
    }

    private static let attempts = 20
    private static let pause: UInt32 = 500_000

    /// Whether a backup runs that serves this operation's socket.
    private func isRunning() throws -> Bool {
        do throws(ToolError) {
            return try look()
        } catch {
            guard case .failed = error else { throw error }
            // There is no backup, or no such domain, if libvirt answers and says it again: it may just have come back.
            _ = try virsh(["list", "--name"])
            do throws(ToolError) { return try look() } catch {
                guard case .failed = error else { throw error }
                return false
            }
        }
    }

    private func look() throws(ToolError) -> Bool {
        try virsh(["backup-dumpxml", backup.domain]).contains("'\(folder.socket)'")
    }

    private func exists() throws -> Bool {
        try virsh(["list", "--uuid"]).split(separator: "\n").contains { $0 == backup.domain }
    }

    private func removeScratch() throws {
        for path in backup.folders where access(path, F_OK) == 0 {
            try PoolRoot(path, allowedRoots: [path]).removeScratch(operation: backup.operation)
        }
    }
}
