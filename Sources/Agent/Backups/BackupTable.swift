import AgentProtocol
import DataPlane
import FoundationEssentials
import Model
import Synchronization

/// The backups that this agent has prepared, with their guards.
final class BackupTable: Sendable {
    private let guards = Mutex<[String: GuardProcess]>([:])

    func open(_ request: OpenBackup) throws -> OpenBackup.Response {
        let backup = request.backup
        let ending = try BackupEnding(backup)
        guard UUID(uuidString: backup.domain) != nil else {
            throw KVMCloneError(.validation, "'\(Validation.printable(backup.domain))' is no domain's uuid")
        }
        // Nobody could end what an earlier run has left, nor this one, without it.
        try ending.run()
        try ending.folder.make()
        let process = try GuardProcess(backup)
        guards.withLock { $0[backup.operation] = process }
        return OpenBackup.Response(socket: ending.folder.socket)
    }

    func note(_ request: NoteFreeze) throws(KVMCloneError) {
        guard let process = guards.withLock({ $0[request.operation] }) else {
            throw KVMCloneError(.operationNotFound, "this agent guards no backup of that operation")
        }
        try process.tell(request.seconds.map { .frozen(seconds: $0) } ?? .thawed)
    }

    func close(_ request: CloseBackup) throws {
        let process = guards.withLock { $0.removeValue(forKey: request.backup.operation) }
        let ending = try BackupEnding(request.backup)
        if let process, (try? process.tell(.end, seconds: 60)) != nil { return process.lose() }
        // There is no guard any more, or it couldn't.
        process?.lose()
        try ending.run()
    }

    /// Leaves them to their guards.
    func releaseAll() {
        let all = guards.withLock { guards in
            defer { guards = [:] }
            return guards
        }
        for process in all.values { process.lose() }
    }
}
