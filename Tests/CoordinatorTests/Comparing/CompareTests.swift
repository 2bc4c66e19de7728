import AgentProtocol
import Foundation
import Model
import Simulation
import Synchronization
import Testing

@testable import Coordinator

/// A VM beside copies of it, on fake hosts with real disks and real agents.
@Suite("Comparing", .serialized)
struct CompareTests {
    private static func fleet(
        _ disks: [DiskRecipe] = [DiskRecipe(size: 40 << 20)], targets: Int = 1, type: String = "test"
    ) throws -> FakeFleet {
        var machine = MachineRecipe(disks: disks)
        machine.type = type
        return try FakeFleet(targets: targets, machine: machine)
    }

    private static func compare(
        _ fleet: FakeFleet, _ kind: OperationKind = .verify, name: String? = nil, id: OperationID = OperationID(),
        stop: StopSignal = StopSignal()
    ) async throws -> VMComparison {
        var request = fleet.request()
        request.kind = kind
        request.options.newName = name
        return try await fleet.coordinator.compare(request, id: id, stop: stop) { _ in }
    }

    private static func expectNothingLeft(of id: OperationID, _ fleet: FakeFleet) async throws {
        #expect(try await fleet.heldThings(by: id) == [])
        #expect(try await fleet.journal.openSteps(of: id) == [])
    }

    private static func write(_ byte: UInt8, at offset: UInt64, in path: String) throws {
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: offset)
        try file.write(contentsOf: Data([byte]))
        try file.close()
    }

    @Test("copies that are the same match, and nothing is written or left", arguments: ["raw", "qcow2"])
    func matches(_ format: String) async throws {
        let fleet = try Self.fleet(
            [DiskRecipe(format: format, size: 20 << 20), DiskRecipe("vdb", format: "raw", seed: 2)], targets: 2)
        #expect(try await fleet.run().exitCode == .ok)
        let before = try fleet.hosts.map { try $0.snapshot() }
        let id = OperationID()
        let result = try await Self.compare(fleet, id: id)
        #expect(result.copies.map(\.verdict) == [.matched, .matched] && result.exitCode == .ok, "\(result)")
        #expect(result.copies.allSatisfy { $0.disks.map(\.disk) == ["vda", "vdb"] })
        #expect(try fleet.hosts.map { try $0.snapshot() } == before)
        try await Self.expectNothingLeft(of: id, fleet)
        #expect(try await fleet.journal.operation(id)?.state == .completed)
        await fleet.close()
    }

    @Test("A flipped bit is found, on its copy only, with its place", arguments: [0, 65_536 * 3 + 17, 40 << 20 - 1])
    func flipped(_ offset: Int) async throws {
        let fleet = try Self.fleet(targets: 2)
        #expect(try await fleet.run().exitCode == .ok)
        let path = fleet.targets[1].pool + "/web01-vda.img"
        let old = try #require(FileManager.default.contents(atPath: path))[offset]
        try Self.write(old ^ 4, at: UInt64(offset), in: path)
        let id = OperationID()
        let result = try await Self.compare(fleet, id: id)
        let first = UInt64(offset / 65_536 * 65_536)
        #expect(result.copies.map(\.verdict) == [.matched, .differed] && result.exitCode == .other)
        #expect(result.copies[1].disks[0].ranges == [[first, first + 65_536]], "\(result)")
        #expect(result.copies[1].differingBytes == 65_536)
        try await Self.expectNothingLeft(of: id, fleet)
        let status = try await fleet.journal.operation(id)
        #expect(status?.state == .completed)
        #expect(status?.result?.targets.map(\.warnings) == [[], ["differs in 64.0 KiB"]])
        await fleet.close()
    }

    @Test("formats don't count: a qcow2 image and a raw file of the same contents match")
    func formats() async throws {
        let fleet = try Self.fleet([DiskRecipe(format: "qcow2", size: 20 << 20)])
        var other = fleet.machine
        other.disks[0].format = "raw"
        try fleet.targets[0].add(other)
        let result = try await Self.compare(fleet, .diff)
        #expect(result.copies[0].verdict == .matched, "\(result)")
        await fleet.close()
    }

    @Test("where one disk is longer, all of its rest differs", arguments: [18 << 20, 16 << 20, 64 << 20])
    func sizes(_ size: Int) async throws {
        let fleet = try Self.fleet([DiskRecipe(size: 17 << 20, runs: 0)])
        var other = fleet.machine
        other.disks[0].size = size
        try fleet.targets[0].add(other)
        let result = try await Self.compare(fleet, .diff)
        let (least, most) = (UInt64(min(size, 17 << 20)), UInt64(max(size, 17 << 20)))
        #expect(result.copies[0].disks[0].ranges == [[least, most]], "\(result)")
        #expect(result.copies[0].verdict == .differed)
        await fleet.close()
    }

    @Test("a copy of another name is compared when that is told")
    func otherName() async throws {
        let fleet = try Self.fleet()
        var options = CloneOptions()
        options.newName = "other"
        #expect(try await fleet.run(options).exitCode == .ok)
        #expect(try await Self.compare(fleet, name: "other").exitCode == .ok)
        await fleet.close()
    }

    @Test("A comparison that could not be performed is neither a match nor a difference")
    func notPerformed() async throws {
        let fleet = try Self.fleet(targets: 4)
        #expect(try await fleet.run().exitCode == .ok)
        fleet.targets[1].changeLibvirt { $0.domains = [] }
        fleet.targets[2].changeLibvirt { $0.domains[0].state = .running }
        fleet.targets[3].faults.act(.name("compare.units"), .before) { () throws(KVMCloneError) in
            throw KVMCloneError(.transfer, "the disk can't be read")
        }
        let id = OperationID()
        let result = try await Self.compare(fleet, id: id)
        #expect(result.copies.map(\.verdict) == [.matched, .notPerformed, .notPerformed, .notPerformed], "\(result)")
        #expect(result.copies.map(\.error?.code) == [nil, .vmNotFound, .validation, .transfer])
        #expect(result.exitCode == .notFound)
        try await Self.expectNothingLeft(of: id, fleet)
        await fleet.close()
    }

    @Test("a copy that is written meanwhile is not performed, whatever was found")
    func changed() async throws {
        let fleet = try Self.fleet()
        #expect(try await fleet.run().exitCode == .ok)
        let path = fleet.targets[0].pool + "/web01-vda.img"
        fleet.targets[0].faults.act(.name("compare.confirm"), .before) { () throws(KVMCloneError) in
            try? Self.write(9, at: 5, in: path)
        }
        let result = try await Self.compare(fleet)
        #expect(result.copies.map(\.verdict) == [.notPerformed], "\(result)")
        await fleet.close()
    }

    @Test("a VM that runs is compared as it was at one instant, and nothing of its backup is left")
    func running() async throws {
        let fleet = try Self.fleet([DiskRecipe(size: 4 << 20)], type: "qemu")
        #expect(try await fleet.run().exitCode == .ok)
        fleet.source.changeLibvirt { $0.domains[0].state = .running }
        let path = fleet.source.pool + "/web01-vda.img"
        fleet.source.faults.act(.name("compare.open"), .before) { () throws(KVMCloneError) in
            try? Self.write(9, at: 5, in: path)
        }
        let id = OperationID()
        let result = try await Self.compare(fleet, id: id)
        #expect(result.copies.map(\.verdict) == [.matched], "\(result)")
        #expect(fleet.source.backup == nil)
        try await Self.expectNothingLeft(of: id, fleet)
        await fleet.close()
    }

    @Test("progress counts the data that was read, and no holes")
    func progress() async throws {
        let fleet = try Self.fleet()
        #expect(try await fleet.run().exitCode == .ok)
        var request = fleet.request()
        request.kind = .verify
        let last = Mutex<TargetProgress?>(nil)
        _ = try await fleet.coordinator.compare(request, id: OperationID(), stop: StopSignal()) { event in
            if case .progress(let snapshot) = event { last.withLock { $0 = snapshot.targets.first } }
        }
        let target = try #require(last.withLock { $0 })
        // At most three runs of 64 KiB, with the leaves that they begin and end in.
        #expect((1...(6 << 16)).contains(try #require(target.data)) && target.fraction == 1, "\(target)")
        await fleet.close()
    }

    @Test("a stop in the middle leaves nothing")
    func stopped() async throws {
        let fleet = try Self.fleet()
        #expect(try await fleet.run().exitCode == .ok)
        let (id, stop) = (OperationID(), StopSignal())
        fleet.targets[0].faults.act(.name("compare.units"), .before) { () throws(KVMCloneError) in
            stop.stop(.cancelled("stopped", .undo), .undo)
        }
        let result = try await Self.compare(fleet, id: id, stop: stop)
        #expect(result.copies.map(\.verdict) == [.notPerformed] && result.state == .cancelled, "\(result)")
        try await Self.expectNothingLeft(of: id, fleet)
        await fleet.close()
    }

    @Test("a comparison can't be gone on with, and says what to do")
    func noResume() async throws {
        let fleet = try Self.fleet()
        #expect(try await fleet.run().exitCode == .ok)
        let id = OperationID()
        _ = try await Self.compare(fleet, id: id)
        let refusal = await #expect(throws: KVMCloneError.self) {
            try await fleet.coordinator.resume(id, stop: StopSignal()) { _ in }
        }
        #expect(refusal?.message.contains("can't be gone on with") == true, "\(refusal as Any)")
        await fleet.close()
    }
}
