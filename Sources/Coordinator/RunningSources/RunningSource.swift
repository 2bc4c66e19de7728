import AgentProtocol
import DomainXML
import Logging
import Model

/// A running VM as the source of a copy: a backup job shows its disks as they all were at one instant, while the guest goes
/// on. The guard on the host ends it whatever happens here.
struct RunningSource: Sendable {
    /// Seconds that the guest's agent has for freezing, and after which the guard thaws what nobody has thawed.
    private static let (freezing, frozen) = (8, 10)

    let operation: CopyOperation
    let ledger: Ledger

    private var host: String { operation.source.name }
    private var uuid: String { operation.plan.vmUUID }

    /// Begins the backup; answers where its NBD server listens. What it does is undone by the ledger.
    func begin() async throws(KVMCloneError) -> String {
        let disks = operation.plan.liveDisks
        let folders = Set(disks.compactMap(\.scratchFolder)).sorted()
        let backup = BackupIdentity(operation: operation.id.description, domain: uuid, folders: folders)
        let opened = try await ledger.perform(.backup(host: host, backup: backup)) { () throws(KVMCloneError) in
            try await operation.source.call(OpenBackup(backup))
        }
        let request = BackupRequest(
            socket: opened.socket,
            disks: disks.map { file in
                BackupRequest.Disk(
                    target: file.disk, export: operation.plan.exportName(of: file),
                    scratch: (file.scratchFolder ?? "") + "/"
                        + OperationFiles.scratch(Int(file.index), operation: operation.id.description))
            })
        let xml: String
        do throws(DomainXMLError) { xml = try request.xml } catch {
            throw KVMCloneError(.clone, "the backup's XML can't be made", host: host, cause: "\(error)")
        }
        let isFrozen = operation.plan.consistency == .agent ? await freeze() : false
        let begun: Result<Void, KVMCloneError>
        do throws(KVMCloneError) {
            begun = .success(try await operation.source.beginBackup(ofDomain: uuid, xml: xml))
        } catch {
            begun = .failure(error)
        }
        // In any case, also when the operation is being stopped.
        if isFrozen { await thaw() }
        try begun.get()
        return opened.socket
    }

    /// True when the guest's file systems are frozen.
    private func freeze() async -> Bool {
        do throws(KVMCloneError) {
            _ = try await operation.source.call(
                NoteFreeze(operation: operation.id.description, seconds: Self.frozen))
            let count = try await operation.source.freeze(domain: uuid, within: Self.freezing)
            operation.logger.info("guest frozen", metadata: ["host": "\(host)", "file systems": "\(count)"])
            return true
        } catch {
            operation.emit(
                .warning(
                    host: host,
                    message:
                        "the guest's file systems could not be frozen, so that the copy is like one after a power cut: \(error)"
                ))
            // It may have frozen them all the same.
            await thaw()
            return false
        }
    }

    private func thaw() async {
        await shielded { [operation, uuid, host] in
            do throws(KVMCloneError) {
                try await operation.source.thaw(domain: uuid)
                _ = try await operation.source.call(
                    NoteFreeze(operation: operation.id.description, seconds: nil))
            } catch {
                // The guard thaws it in a moment.
                operation.logger.warning("not thawed", metadata: ["host": "\(host)", "error": "\(error)"])
            }
        }
    }
}

extension ClonePlan {
    /// The disks that a backup of the running VM shows.
    var liveDisks: [File] { consistency == nil ? [] : files.filter { $0.scratchFolder != nil } }

    /// The name of a disk's NBD export.
    func exportName(of file: File) -> String { "\(vm)/\(file.disk)" }
}
