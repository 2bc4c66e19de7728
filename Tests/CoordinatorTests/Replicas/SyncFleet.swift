import AgentProtocol
import Foundation
import Model
import Simulation

@testable import Coordinator

/// A fleet whose machine is kept in sync.
struct SyncFleet {
    let fleet: FakeFleet

    init(_ disks: [DiskRecipe] = [DiskRecipe(size: 40 << 20)], targets: Int = 1, type: String = "test") throws {
        var machine = MachineRecipe(disks: disks)
        machine.type = type
        fleet = try FakeFleet(targets: targets, machine: machine)
    }

    func request(_ options: CloneOptions = CloneOptions(), targets: [String]? = nil) -> CloneRequest {
        var request = fleet.request(options)
        request.kind = .sync
        if let targets { request.targets = targets }
        return request
    }

    @discardableResult
    func sync(
        _ options: CloneOptions = CloneOptions(), targets: [String]? = nil, id: OperationID = OperationID(),
        stop: StopSignal = StopSignal(), emit: @escaping @Sendable (OperationEvent) -> Void = { _ in }
    ) async throws(KVMCloneError) -> OperationResult {
        try await fleet.coordinator.run(request(options, targets: targets), id: id, stop: stop, emit: emit)
    }

    /// Why a sync doesn't begin; nil when it does.
    func refusal(_ options: CloneOptions = CloneOptions()) async -> KVMCloneError? {
        do throws(KVMCloneError) {
            try await sync(options)
            return nil
        } catch {
            return error
        }
    }

    /// The replica on a target; nil when there is none.
    func record(_ target: Int = 0) async throws -> ReplicaRecord? {
        try await fleet.targets[target].replica(named: fleet.machine.name)?.record
    }

    /// Overwrites bytes of one of the source's disks as its guest would.
    func write(_ byte: UInt8, at offset: Int, count: Int = 4096, disk: Int = 0) throws {
        let recipe = fleet.machine.disks[disk]
        try Tool.run(
            "qemu-io",
            [
                "-f", recipe.format, "-c", "write -P \(byte) \(offset) \(count)",
                fleet.source.pool + "/" + recipe.fileName(machine: fleet.machine.name),
            ])
    }

    /// What is wrong with the replica on a target; empty when its disks are what the source's guest reads now, nothing of an
    /// operation is left beside them, and nothing is defined.
    func defects(_ target: Int = 0) async throws -> [String] {
        let host = fleet.targets[target]
        guard let replica = try await host.replica(named: fleet.machine.name) else { return ["no replica"] }
        var defects: [String] = []
        for recipe in fleet.machine.disks {
            let original = fleet.source.pool + "/" + recipe.fileName(machine: fleet.machine.name)
            guard let disk = replica.record.disks.first(where: { $0.target == recipe.target }) else {
                defects.append("no disk \(recipe.target)")
                continue
            }
            let top = disk.overlay.map { ($0, "qcow2") } ?? (disk.file, disk.format)
            do {
                try Tool.run(
                    "qemu-img",
                    ["compare", "-q", "-f", recipe.format, "-F", top.1, original, "\(replica.folder)/\(top.0)"])
            } catch {
                defects.append("\(recipe.target) differs: \(error)")
            }
        }
        if replica.record.needsMerge { defects.append("it isn't merged") }
        let snapshot = try host.snapshot()
        let own = Set(replica.record.disks.map(\.file) + [fleet.machine.name + ReplicaRecord.suffix])
        for name in snapshot.files.keys where !own.contains(name) { defects.append("\(name) was left") }
        if !snapshot.domains.isEmpty { defects.append("defined: \(snapshot.domains.keys)") }
        return defects
    }

    /// What an operation still holds, or has left in the journal.
    func left(by id: OperationID) async throws -> [String] {
        try await fleet.heldThings(by: id) + fleet.journal.openSteps(of: id).map { "\($0.step)" }
    }
}
