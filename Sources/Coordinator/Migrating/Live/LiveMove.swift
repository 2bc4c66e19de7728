import AgentProtocol
import Logging
import Model

/// A live migration, as whoever has to end it needs to know it.
package struct LiveMove: Sendable, Codable, Equatable {
    package var source: String
    package var target: String
    package var name: String
    package var uuid: String
    /// What libvirt keeps of the VM beside its definition, for the new host.
    package var attachments: DomainAttachments
    /// What its disks become on the old host; nil when they are left as they are.
    package var remains: HandOver.Remains?

    /// The replica on the new host that goes, with its disks, once the VM has come; its folder.
    package var outlived: ReplicaRecord?
    package var outlivedFolder: String?

    /// Its overlays on the new host, when its disks were seeded; and the generation of the replica that those are.
    package var landing: Overlays?
    package var landedGeneration: Int?

    /// Where the VM is in the end.
    enum Verdict: Sendable, Equatable { case moved, stayed }

    /// Finds out where the VM runs, and makes that the only place: a half of it that is left on the other host goes. Throws
    /// when nobody can know; then nothing is started or ended.
    func resolve(_ hosts: Coordinator.Hosts) async throws(KVMCloneError) -> Verdict {
        let (here, there) = (try await hosts(source), try await hosts(target))
        let new = try await there.domains().first { $0.uuid == uuid }?.state
        let old = try await here.domains().first { $0.uuid == uuid }?.state
        switch (old, new) {
        case (.running, nil), (.stopped, nil): return .stayed
        case (.running, .paused):
            // It had come, and was never let go on.
            try await there.powerOff(domain: uuid)
            if try await there.domains().contains(where: { $0.uuid == uuid }) { try await there.undefine(uuid: uuid) }
            return .stayed
        case (.paused, nil):
            try await here.resume(domain: uuid)
            return .stayed
        case (nil, .some): return .moved
        case (.paused, .running):
            // All of it has gone; nobody has told the old host.
            try await here.powerOff(domain: uuid)
            try await leave(here)
            return .moved
        case (.stopped, .running):
            try await leave(here)
            return .moved
        // One that is defined there and shut off may have run there: then its disks there are the newer ones.
        default:
            throw KVMCloneError(
                .clone,
                "it is not known where '\(name)' is: \(Self.words(old)) on \(source), \(Self.words(new)) on \(target)",
                host: target,
                whatToDo: "find out which one is right, and undefine the other; nothing was started or ended",
                exitCode: .tryAgain
            )
        }
    }

    /// Removes a replica and its disks, unless it is another one by now. May break off anywhere.
    private func remove(
        _ record: ReplicaRecord, from folder: String, on there: any HostDriver
    ) async throws(KVMCloneError) {
        let found = try await there.call(ListReplicas(folders: [folder])).first { $0.name == name }?.record
        var last = record
        last.generation += 1
        last.disks = []
        last.retired = record.disks.flatMap { [$0.file] + [$0.overlay].compactMap { $0 } } + record.retired
        if found?.generation == record.generation {
            _ = try await there.call(
                SwitchReplica(folder: folder, replica: name, from: record.generation, to: last))
        } else if found?.generation != last.generation || found?.disks.isEmpty != true {
            return
        }
        _ = try await there.call(MergeReplica(folder: folder, replica: name))
        _ = try await there.call(SwitchReplica(folder: folder, replica: name, from: last.generation, to: nil))
    }

    /// The replica whose disks the VM has now is one no more; what else it had goes. May break off anywhere.
    private func release(_ landing: Overlays, on there: any HostDriver) async throws(KVMCloneError) {
        guard let generation = landedGeneration,
            var record = try await there.call(ListReplicas(folders: [landing.folder])).first(where: { $0.name == name }
            )?.record, record.definition == nil, record.generation == generation
        else { return }
        let kept = Set(landing.disks.map(\.file))
        let others = record.disks.map(\.file).filter { !kept.contains($0) }
        if !others.isEmpty {
            record.generation += 1
            record.disks.removeAll { !kept.contains($0.file) }
            record.retired += others
            _ = try await there.call(
                SwitchReplica(folder: landing.folder, replica: name, from: generation, to: record))
            _ = try await there.call(MergeReplica(folder: landing.folder, replica: name))
        }
        _ = try await there.call(
            SwitchReplica(folder: landing.folder, replica: name, from: record.generation, to: nil))
    }

    /// Whether a step made what the VM has on its new host.
    func isKept(_ step: Step) -> Bool {
        switch step {
        case .openReceive(target, _, _), .publish(target, _, _, _): true
        default: false
        }
    }

    private func leave(_ here: any HostDriver) async throws(KVMCloneError) {
        if try await here.domains().contains(where: { $0.uuid == uuid }) { try await here.undefine(uuid: uuid) }
    }

    private static func words(_ state: VMState?) -> String { state?.rawValue ?? "not defined" }

    /// Does what is left to do once it has moved.
    func complete(_ hosts: Coordinator.Hosts, logger: Logger) async throws(KVMCloneError) {
        let there = try await hosts(target)
        do throws(KVMCloneError) {
            try await there.attach(attachments, toDomain: uuid)
        } catch {
            guard error.code == .libvirt, !attachments.checkpoints.isEmpty else { throw error }
            // Without them the next sync compares the disks.
            logger.warning("checkpoints not carried over", metadata: ["host": "\(target)", "error": "\(error)"])
            try await there.attach(
                DomainAttachments(startsWithHost: attachments.startsWithHost), toDomain: uuid)
        }
        if let outlived, let outlivedFolder { try await remove(outlived, from: outlivedFolder, on: there) }
        if let landing {
            try await release(landing, on: there)
            try await landing.takeOff(on: there)
        }
        guard let remains else { return }
        try await MigrationEnding.leave(remains, on: hosts(source))
    }
}

extension Step {
    var isLiveMove: Bool { if case .moveLive = self { true } else { false } }
}

extension KVMCloneError {
    /// The same, with how to find out later.
    func unresolved(_ operation: OperationID) -> KVMCloneError {
        var copy = self
        copy.whatToDo = [whatToDo, "when both hosts answer: kvm-clone op cleanup \(operation)"].compactMap { $0 }
            .joined(separator: "\n")
        copy.exitCodeOverride = .tryAgain
        return copy
    }
}
