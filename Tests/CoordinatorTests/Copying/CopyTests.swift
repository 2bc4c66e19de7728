import Coordinator
import Model
import Simulation
import Testing

/// Copies that meet no trouble.
@Suite struct CopyTests {
    @Test("A clone is bit-identical, defined under an identity of its own, and leaves nothing behind")
    func clone() async throws {
        let fleet = try FakeFleet()
        let id = OperationID()
        let request = CloneRequest(kind: .clone, vm: "web01", source: "source", targets: ["target1"])
        let before = try fleet.source.snapshot()
        let result = try await fleet.coordinator.run(request, id: id, stop: StopSignal()) { _ in }

        #expect(result.state == .completed)
        #expect(result.exitCode == .ok)
        let outcome = try #require(result.targets.first)
        #expect(outcome.newName == "web01_clone")
        #expect(outcome.verified)
        #expect(outcome.logicalBytes == 1 << 20)
        #expect(outcome.wireBytes > 0)
        #expect(outcome.path == .direct)
        #expect(try fleet.defects(of: fleet.targets[0], name: "web01_clone") == [])
        #expect(try fleet.source.snapshot() == before)
        #expect(try await fleet.heldThings(by: id, name: "web01_clone") == [])
        #expect(try await fleet.journal.openSteps(of: id) == [])
        #expect(try await fleet.journal.operation(id)?.state == .completed)
        await fleet.close()
    }

    struct Shape: Sendable, CustomTestStringConvertible {
        var what: String
        var machine: MachineRecipe
        var change: @Sendable (inout CloneOptions) -> Void = { _ in }
        var testDescription: String { what }
    }

    @Test(
        "A replication to three stands on all of them",
        arguments: [
            Shape(what: "one raw disk", machine: MachineRecipe()),
            Shape(
                what: "a raw and a qcow2 disk",
                machine: MachineRecipe(disks: [
                    DiskRecipe("vda"), DiskRecipe("vdb", format: "qcow2", size: 4 << 20, runs: 9, seed: 2),
                ])),
            Shape(what: "a disk without data", machine: MachineRecipe(disks: [DiskRecipe(size: 64 << 20, runs: 0)])),
            Shape(what: "a size that no block divides", machine: MachineRecipe(disks: [DiskRecipe(size: 1_000_448)])),
            Shape(what: "no disk at all", machine: MachineRecipe(disks: [])),
            Shape(what: "eight streams", machine: MachineRecipe(), change: { $0.parallel = 8 }),
            Shape(what: "through the coordinator", machine: MachineRecipe(), change: { $0.path = .coordinator }),
            Shape(what: "compressed", machine: MachineRecipe(), change: { $0.compression = .on }),
            Shape(what: "not verified", machine: MachineRecipe(), change: { $0.verify = false }),
        ])
    func replicate(_ shape: Shape) async throws {
        let fleet = try FakeFleet(targets: 3, machine: shape.machine)
        let id = OperationID()
        var options = CloneOptions()
        shape.change(&options)
        let result = try await fleet.run(options, id: id)
        #expect(result.targets.map(\.host) == ["target1", "target2", "target3"])
        for (target, outcome) in zip(fleet.targets, result.targets) {
            #expect(outcome.error == nil)
            #expect(outcome.verified == options.verify)
            #expect(outcome.path == (options.path == .coordinator ? .coordinator : .direct))
            #expect(try fleet.defects(of: target) == [])
        }
        #expect(try await fleet.heldThings(by: id) == [])
        #expect(try await fleet.journal.openSteps(of: id) == [])
        await fleet.close()
    }

    @Test("Where no direct way is open, bytes go through the coordinator, and a warning says why")
    func fallBack() async throws {
        let fleet = try FakeFleet()
        for host in fleet.hosts { host.changeProfile { $0.transferAddress = nil } }
        let events = EventLog()
        let result = try await fleet.run { events.note($0) }
        #expect(result.targets.first?.error == nil)
        #expect(result.targets.first?.path == .coordinator)
        #expect(events.warnings.contains { $0.contains("no direct connection") })
        #expect(try fleet.defects(of: fleet.targets[0]) == [])
        await fleet.close()
    }

    @Test("Events tell the whole story in order")
    func events() async throws {
        let fleet = try FakeFleet()
        let events = EventLog()
        _ = try await fleet.run { events.note($0) }
        #expect(
            events.phases(of: "target1") == [.preparing, .connecting, .copying, .verifying, .publishing, .done])
        #expect(events.isBracketed)
        let last = try #require(events.snapshots.last?.targets.first)
        #expect(last.phase == .done)
        #expect(last.disks.map(\.done) == last.disks.map(\.total))
        await fleet.close()
    }

    @Test("Of two coordinators at once, one leaves with exit code 75 and the other finishes")
    func twoAtOnce() async throws {
        let fleet = try FakeFleet()
        let first = OperationID()
        let second = OperationID()
        let refused = OutcomeBox()
        // While the first is in the middle, the second comes to the same VM.
        fleet.targets[0].faults.act(.name("receive.readback"), .before) { () throws(KVMCloneError) in
            refused.set(try await fleet.run(id: second).targets.first)
        }
        let result = try await fleet.run(id: first)
        #expect(result.exitCode == .ok)
        let loser = try #require(refused.outcome?.error)
        #expect(loser.exitCode == .tryAgain)
        #expect(loser.message.contains(first.description))
        #expect(try fleet.defects(of: fleet.targets[0]) == [])
        #expect(try await fleet.heldThings(by: first) == [])
        await fleet.close()
    }
}
