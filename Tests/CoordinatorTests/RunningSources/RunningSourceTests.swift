import Executors
import Foundation
import Model
import Simulation
import Synchronization
import Testing

@testable import Coordinator

/// Copies of VMs that run, with a fake libvirt: what the backup shows comes from a real NBD server.
@Suite("Running sources", .serialized)
struct RunningSourceTests {
    private static func fleet(
        targets: Int = 1, format: String = "raw", hasAgent: Bool = false
    ) throws -> FakeFleet {
        var machine = MachineRecipe(disks: [DiskRecipe(format: format)])
        machine.type = "qemu"
        let fleet = try FakeFleet(targets: targets, machine: machine)
        fleet.source.changeLibvirt { libvirt in
            libvirt.domains[0].state = .running
            if hasAgent { libvirt.agents = [machine.name] }
        }
        return fleet
    }

    private static func isFrozen(_ fleet: FakeFleet) -> Bool {
        var isFrozen = false
        fleet.source.changeLibvirt { isFrozen = !$0.frozen.isEmpty }
        return isFrozen
    }

    /// Nothing is left of the backup, nobody is frozen, and nothing is held.
    private static func expectNothingLeft(of id: OperationID, _ fleet: FakeFleet) async throws {
        #expect(fleet.source.backup == nil)
        #expect(!isFrozen(fleet))
        #expect(try await fleet.heldThings(by: id) == [])
        #expect(try await fleet.journal.openSteps(of: id) == [])
    }

    @Test("a copy is of the instant at which the backup began, whatever is written meanwhile")
    func instant() async throws {
        let fleet = try Self.fleet(targets: 2)
        let before = try fleet.source.snapshot()
        let id = OperationID()
        let events = EventLog()
        fleet.source.faults.act(.name("send.open"), .before) { () throws(KVMCloneError) in
            // The guest goes on.
            let path = fleet.source.pool + "/web01-vda.img"
            guard let file = FileHandle(forWritingAtPath: path) else { throw KVMCloneError(.general, "no file") }
            file.write(Data(repeating: 7, count: 100_000))
            try? file.close()
        }
        let result = try await fleet.run(id: id) { events.note($0) }
        for (target, outcome) in zip(fleet.targets, result.targets) {
            #expect(outcome.error == nil && outcome.verified, "\(outcome)")
            #expect(try target.snapshot().files["web01-vda.img"] == before.files["web01-vda.img"])
        }
        #expect(try fleet.source.snapshot().files["web01-vda.img"] != before.files["web01-vda.img"])
        #expect(events.warnings.contains { $0.contains("like one after a power cut") }, "\(events.warnings)")
        try await Self.expectNothingLeft(of: id, fleet)
        await fleet.close()
    }

    @Test("a guest with an agent is frozen while the backup begins, and at no other time", arguments: [true, false])
    func frozen(wanted: Bool) async throws {
        let fleet = try Self.fleet(hasAgent: true)
        var options = CloneOptions()
        if !wanted { options.consistency = .crash }
        let seen = Seen()
        fleet.source.faults.act(.name("backup.begin"), .before) { () throws(KVMCloneError) in
            seen.note(Self.isFrozen(fleet))
        }
        fleet.source.faults.act(.name("send.open"), .before) { () throws(KVMCloneError) in
            seen.note(Self.isFrozen(fleet))
        }
        let events = EventLog()
        let result = try await fleet.run(options) { events.note($0) }
        #expect(result.targets[0].error == nil)
        #expect(seen.all == [wanted, false])
        #expect(!events.warnings.contains { $0.contains("power cut") })
        await fleet.close()
    }

    @Test("a guest that is paused is copied as it stands, and its agent not asked")
    func paused() async throws {
        let fleet = try Self.fleet(hasAgent: true)
        fleet.source.changeLibvirt { $0.domains[0].state = .paused }
        let result = try await fleet.run()
        #expect(result.targets[0].error == nil && result.targets[0].verified)
        #expect(!fleet.source.faults.calls.contains("freeze"))
        await fleet.close()
    }

    @Test("a freeze that fails is told, the guest is thawed, and the copy made all the same")
    func freezeFails() async throws {
        let fleet = try Self.fleet(hasAgent: true)
        // It has frozen them, and its answer is lost.
        fleet.source.faults.fail(.name("freeze"), .after)
        let events = EventLog()
        let id = OperationID()
        let result = try await fleet.run(id: id) { events.note($0) }
        #expect(result.targets[0].error == nil && result.targets[0].verified)
        #expect(events.warnings.contains { $0.contains("could not be frozen") })
        try await Self.expectNothingLeft(of: id, fleet)
        await fleet.close()
    }

    @Test(
        "whatever call of the source fails, nothing of the backup is left and nobody stays frozen",
        arguments: ["backup.open", "freeze", "backup.begin", "thaw", "send.open", "send.run"], FaultPlan.Moment.allCases
    )
    func failing(call: String, moment: FaultPlan.Moment) async throws {
        let fleet = try Self.fleet(hasAgent: true)
        fleet.source.faults.fail(.name(call), moment)
        let id = OperationID()
        let result = try await fleet.run(id: id)
        if result.targets[0].error != nil { _ = try await fleet.recovery.cleanUp([id]) }
        try await Self.expectNothingLeft(of: id, fleet)
        await fleet.close()
    }

    @Test("a qcow2 disk becomes a qcow2 image with what the guest reads")
    func qcow2() async throws {
        let fleet = try Self.fleet(format: "qcow2")
        let result = try await fleet.run()
        #expect(result.targets[0].error == nil && result.targets[0].verified, "\(result.targets)")
        try await BlockingPool.shared.run {
            Result {
                _ = try Tool.run(
                    "qemu-img",
                    [
                        "compare", "-f", "qcow2", "-F", "qcow2", fleet.source.pool + "/web01-vda.qcow2",
                        fleet.targets[0].pool + "/web01-vda.qcow2",
                    ])
            }
        }.get()
        await fleet.close()
    }

    @Test("with consistency off a running VM is refused, with the way out")
    func off() async throws {
        let fleet = try Self.fleet()
        var options = CloneOptions()
        options.consistency = .off
        await #expect {
            try await fleet.run(options)
        } throws: { error in
            let error = error as? KVMCloneError
            return error?.exitCode == .preflight && "\(error?.whatToDo ?? "")".contains("virsh shutdown web01")
        }
        await fleet.close()
    }

    @Test("media that are only read are copied as they are, beside the backup")
    func media() async throws {
        var machine = MachineRecipe()
        machine.type = "qemu"
        let folder = try TemporaryFolder()
        let image = folder.path + "/install.iso"
        #expect(FileManager.default.createFile(atPath: image, contents: Data(repeating: 3, count: 65536)))
        machine.moreDevices = """
            <disk type='file' device='cdrom'>
              <driver name='qemu' type='raw'/><source file='\(image)'/><target dev='sda' bus='sata'/><readonly/>
            </disk>
            """
        let fleet = try FakeFleet(machine: machine)
        fleet.source.changeLibvirt { $0.domains[0].state = .running }
        var options = CloneOptions()
        options.copyMedia = true
        let plan = try await fleet.coordinator.plan(fleet.request(options))
        #expect(plan.files.map(\.disk) == ["vda", "sda"])
        #expect(plan.files.map(\.guestView) == [true, false])
        #expect(plan.liveDisks.map(\.disk) == ["vda"])
        let result = try await fleet.run(options)
        #expect(result.targets[0].error == nil && result.targets[0].verified, "\(result.targets)")
        await fleet.close()
    }

    @Test("a VM that a job of libvirt's holds is refused")
    func busy() async throws {
        let fleet = try Self.fleet()
        fleet.source.changeLibvirt { $0.domains[0].isBusy = true }
        await #expect {
            try await fleet.run()
        } throws: { error in
            (error as? KVMCloneError)?.message.contains("a job of libvirt's holds it") ?? false
        }
        await fleet.close()
    }
}

/// What was seen, in order.
private final class Seen: Sendable {
    private let values = Mutex<[Bool]>([])

    func note(_ value: Bool) { values.withLock { $0.append(value) } }
    var all: [Bool] { values.withLock { $0 } }
}
