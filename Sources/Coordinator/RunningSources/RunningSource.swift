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

    /// A backup that has begun.
    struct Begun: Sendable {
        /// Where its NBD server listens.
        var socket: String
        /// The checkpoint since which its bitmaps say what was written; nil for none.
        var since: String?
        /// The checkpoint that was made at the same instant.
        var checkpoint: String?
    }

    /// Begins the backup. What it does is undone by the ledger.
    ///
    /// Where bitmaps are broken, as after QEMU was killed, it does without, and says so.
    func begin() async throws(KVMCloneError) -> Begun {
        let disks = operation.plan.liveDisks
        let folders = Set(disks.compactMap(\.scratchFolder)).sorted()
        let backup = BackupIdentity(operation: operation.id.description, domain: uuid, folders: folders)
        let opened = try await ledger.perform(.backup(host: host, backup: backup)) { () throws(KVMCloneError) in
            try await operation.source.call(OpenBackup(backup))
        }
        let plan = operation.plan.checkpoints
        var begun = Begun(
            socket: opened.socket, since: plan?.since,
            checkpoint: plan?.isKept ?? false
                ? CheckpointPlan.name(of: operation.id, attempt: operation.attempt.number) : nil)
        while true {
            do throws(KVMCloneError) {
                try await begin(begun)
                return begun
            } catch {
                guard error.code == .libvirt, begun.since != nil || begun.checkpoint != nil else { throw error }
                await giveUp(&begun, error)
            }
        }
    }

    /// Takes the next simpler kind of backup.
    private func giveUp(_ begun: inout Begun, _ error: KVMCloneError) async {
        let reason = error.cause ?? error.message
        if begun.since != nil {
            operation.emit(
                .warning(
                    host: host, message: "dirty bitmaps can't be used, and the disks are compared: \(reason)"))
            // A broken one would be in the way of each later one.
            for name in operation.plan.checkpoints?.known ?? [] {
                do throws(KVMCloneError) {
                    try await operation.source.deleteCheckpoint(ofDomain: uuid, name)
                } catch {
                    operation.logger.warning(
                        "checkpoint not removed", metadata: ["host": "\(host)", "error": "\(error)"])
                }
            }
            begun.since = nil
        } else {
            operation.emit(.warning(host: host, message: "no checkpoint can be made: \(reason)"))
            begun.checkpoint = nil
        }
    }

    private func begin(_ begun: Begun) async throws(KVMCloneError) {
        let disks = operation.plan.liveDisks
        let request = BackupRequest(
            socket: begun.socket,
            disks: disks.map { file in
                BackupRequest.Disk(
                    target: file.disk, export: operation.plan.exportName(of: file),
                    scratch: (file.scratchFolder ?? "") + "/"
                        + OperationFiles.scratch(Int(file.index), operation: operation.id.description),
                    since: file.hasBitmaps ? begun.since : nil)
            })
        let xml: String
        let checkpoint: String?
        do throws(DomainXMLError) {
            xml = try request.xml
            checkpoint =
                if let name = begun.checkpoint {
                    try CheckpointRequest(
                        name: name, disks: disks.filter(\.hasBitmaps).map(\.disk),
                        others: disks.filter { !$0.hasBitmaps }.map(\.disk)
                    ).xml
                } else { nil }
        } catch {
            throw KVMCloneError(.clone, "the backup's XML can't be made", host: host, cause: "\(error)")
        }
        if let name = begun.checkpoint {
            try await ledger.perform(.checkpoint(host: host, domain: uuid, name: name)) { () throws(KVMCloneError) in }
        }
        let isFrozen = operation.plan.consistency == .agent ? await freeze() : false
        let result: Result<Void, KVMCloneError>
        do throws(KVMCloneError) {
            result = .success(
                try await operation.source.beginBackup(ofDomain: uuid, xml: xml, checkpoint: checkpoint))
        } catch {
            result = .failure(error)
        }
        // In any case, also when the operation is being stopped.
        if isFrozen { await thaw() }
        try result.get()
    }

    /// A sync has succeeded that was of a checkpoint's instant: that one stays, and the oldest ones go that are too many.
    func keepCheckpoint(_ name: String) async {
        do throws(KVMCloneError) {
            try await ledger.keepCheckpoint(name)
            let all = try await operation.source.domain(named: operation.plan.vm)?.checkpoints ?? []
            let own = all.filter { $0.hasPrefix(CheckpointPlan.prefix) }
            for old in own.dropLast(CheckpointPlan.most) {
                try await operation.source.deleteCheckpoint(ofDomain: uuid, old)
            }
        } catch {
            operation.logger.warning(
                "checkpoints not looked after", metadata: ["host": "\(host)", "error": "\(error)"])
        }
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
