import AgentProtocol
import Foundation
import Model
import Simulation
import Synchronization

@testable import Coordinator

/// Two hosts, and a machine that moves from the one to the other.
struct MigrationFleet: Sendable {
    let fleet: FakeFleet
    /// How often the guest has written.
    private let writes = WriteCount()

    init(
        running: Bool, type: String = "test", size: Int = 4 << 20, isDense: Bool = false,
        journal: any Journal = MemoryJournal()
    ) throws {
        var disk = DiskRecipe(format: "qcow2", size: size)
        disk.isDense = isDense
        var machine = MachineRecipe(disks: [disk])
        machine.type = type
        fleet = try FakeFleet(targets: 1, machine: machine, journal: journal)
        if running { fleet.source.changeLibvirt { $0.domains[0].state = .running } }
    }

    var source: FakeHost { fleet.source }
    var target: FakeHost { fleet.targets[0] }
    var uuid: String { fleet.machine.uuid }

    func request(
        _ mode: MigrationMode? = nil, back: Bool = false, _ change: (inout CloneOptions) -> Void = { _ in }
    ) -> CloneRequest {
        var options = CloneOptions()
        options.migration.mode = mode
        change(&options)
        return CloneRequest(
            kind: .migrate, vm: fleet.machine.name, source: back ? "target1" : "source",
            targets: [back ? "source" : "target1"], options: options)
    }

    @discardableResult
    func move(
        _ request: CloneRequest, id: OperationID = OperationID(), stop: StopSignal = StopSignal(),
        patience: Pulse.Patience = Pulse.Patience(),
        emit: @escaping @Sendable (OperationEvent) -> Void = { _ in }
    ) async throws(KVMCloneError) -> OperationResult {
        try await fleet.coordinator(fleet: nil, patience: patience).run(request, id: id, stop: stop, emit: emit)
    }

    /// Its state on a host; nil where it isn't defined.
    func state(on host: FakeHost) -> VMState? {
        var state: VMState?
        host.changeLibvirt { libvirt in state = libvirt.domains.first { $0.uuid == uuid }?.state }
        return state
    }

    /// Where it is defined, and whether it runs there: `source running`, for instance.
    var whereabouts: [String] {
        fleet.hosts.compactMap { host in state(on: host).map { "\(host.name) \($0.rawValue)" } }
    }

    /// Path of the machine's disk on a host: as it was made, or as its replica is called.
    func disk(on host: FakeHost) -> String { host.pool + "/" + fleet.machine.disks[0].fileName(machine: "web01") }

    func write(_ byte: UInt8, at offset: Int, on host: FakeHost) throws {
        try Tool.run("qemu-io", ["-f", "qcow2", "-c", "write -P \(byte) \(offset) 4096", disk(on: host)])
    }

    /// The image that the guest writes to on a host now; nil where it has none.
    private func top(on host: FakeHost) -> (path: String, format: String)? {
        var top: (path: String, format: String)?
        host.changeLibvirt { top = $0.images(of: uuid)["vda"] }
        return top
    }

    /// Writes 4 KiB as the guest does.
    func guestWrites(_ byte: UInt8, at offset: Int, on host: FakeHost) throws(KVMCloneError) {
        guard let top = top(on: host) else { throw KVMCloneError(.general, "no guest on \(host.name)") }
        do {
            try Tool.run("qemu-io", ["-f", top.format, "-c", "write -P \(byte) \(offset) 4096", top.path])
        } catch {
            throw KVMCloneError(.general, "\(error)")
        }
        writes.add()
    }

    /// Whether the guest has written anything.
    var hasWritten: Bool { writes.value > 0 }

    /// The byte that its guest reads there on a host; of what it has left, where it isn't.
    func byte(at offset: Int, on host: FakeHost) throws -> UInt8 {
        let image = top(on: host) ?? (disk(on: host), "qcow2")
        let text = try Tool.run("qemu-io", ["-r", "-f", image.format, "-c", "read -v \(offset) 1", image.path])
        let digits = text.firstMatch(of: #/[0-9a-f]{8}:  ([0-9a-f]{2})/#)?.1
        return digits.flatMap { UInt8($0, radix: 16) } ?? 0
    }

    /// What is wrong with a machine that has moved to `host`; empty when its disk is the same as on the other one, where it is a
    /// replica, and nothing of the operation is left.
    func defects(movedTo host: FakeHost, by id: OperationID) async throws -> [String] {
        let other = host.name == "source" ? target : source
        var defects: [String] = []
        do { try Tool.run("qemu-img", ["compare", "-q", disk(on: host), disk(on: other)]) } catch {
            defects.append("the disks differ: \(error)")
        }
        if try await host.replica(named: "web01") != nil { defects.append("it is a replica on \(host.name) still") }
        guard let remains = try await other.replica(named: "web01") else { return defects + ["no replica remains"] }
        if remains.record.origin != host.name { defects.append("the replica is from \(remains.record.origin)") }
        for host in fleet.hosts {
            for name in try host.snapshot().files.keys where name.hasPrefix(".") {
                defects.append("\(name) was left on \(host.name)")
            }
        }
        return try await defects + left(by: id)
    }

    /// What an operation still holds, or has left in the journal.
    func left(by id: OperationID) async throws -> [String] {
        try await fleet.heldThings(by: id) + fleet.journal.openSteps(of: id).map { "\($0.step)" }
    }
}

private final class WriteCount: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func add() { count.withLock { $0 += 1 } }
}
