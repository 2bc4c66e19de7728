import AgentProtocol
import DomainXML
import Foundation
import Model
import Simulation
import Testing

@testable import Coordinator

/// Replicas that become VMs, on fake hosts.
@Suite("Promoting", .serialized)
struct PromoteTests {
    private static func promote(
        _ sync: SyncFleet, newIdentity: Bool = false, newName: String? = nil, id: OperationID = OperationID()
    ) async -> Result<OperationResult, KVMCloneError> {
        let request = PromotionRequest(
            host: "target1", replica: "web01", newIdentity: newIdentity, newName: newName)
        do throws(KVMCloneError) {
            return .success(try await sync.fleet.coordinator.promote(request, id: id, stop: StopSignal()) { _ in })
        } catch {
            return .failure(error)
        }
    }

    private static func synced() async throws -> SyncFleet {
        let sync = try SyncFleet([DiskRecipe(format: "qcow2", size: 1 << 20)])
        try await sync.sync()
        return sync
    }

    @Test("where the origin has no such VM any more, the replica becomes that VM and is a replica no more")
    func sameIdentity() async throws {
        let sync = try await Self.synced()
        try await sync.fleet.source.undefine(uuid: sync.fleet.machine.uuid)
        let id = OperationID()
        let result = try await Self.promote(sync, id: id).get()
        #expect(result.exitCode == .ok, "\(result)")
        let domain = try #require(try await sync.fleet.targets[0].domain(named: "web01"))
        #expect(domain.uuid == sync.fleet.machine.uuid && domain.state == .stopped)
        let pool = sync.fleet.targets[0].pool
        #expect(
            try DomainDescription(parsing: domain.inactiveXML).disks.map(\.image.source.path)
                == ["\(pool)/web01-vda.qcow2"])
        #expect(try await sync.record() == nil)
        #expect(try sync.fleet.targets[0].snapshot().files.keys.sorted() == ["web01-vda.qcow2"])
        #expect(try await sync.left(by: id) == [])
        await sync.fleet.close()
    }

    @Test("while the origin has the VM, or can't be asked, only a new identity is possible", arguments: [true, false])
    func originAlive(isReachable: Bool) async throws {
        let sync = try await Self.synced()
        let before = try sync.fleet.targets[0].snapshot()
        if !isReachable { sync.fleet.source.faults.fail(.name("domains"), .before) }
        guard case .failure(let refusal) = await Self.promote(sync) else {
            Issue.record("promoted")
            return
        }
        #expect(refusal.exitCode == .preflight && refusal.whatToDo?.contains("--new-identity") == true, "\(refusal)")
        #expect(try sync.fleet.targets[0].snapshot() == before)
        let result = try await Self.promote(sync, newIdentity: true, newName: "web01-b").get()
        #expect(result.exitCode == .ok, "\(result)")
        let domain = try #require(try await sync.fleet.targets[0].domain(named: "web01-b"))
        let (copy, original) = (
            try DomainDescription(parsing: domain.inactiveXML),
            try DomainDescription(parsing: sync.fleet.machine.xml(folder: "/"))
        )
        #expect(copy.uuid != original.uuid && copy.interfaces.map(\.mac) != original.interfaces.map(\.mac))
        #expect(try await sync.record() == nil)
        await sync.fleet.close()
    }

    enum Obstacle: CaseIterable { case missing, differs, defined, nameAlone }

    @Test("What can't be promoted stays as it is, with the way out", arguments: Obstacle.allCases)
    func refused(_ obstacle: Obstacle) async throws {
        let sync = try await Self.synced()
        let target = sync.fleet.targets[0]
        try await sync.fleet.source.undefine(uuid: sync.fleet.machine.uuid)
        switch obstacle {
        case .missing: try FileManager.default.removeItem(atPath: target.pool + "/web01" + ReplicaRecord.suffix)
        case .differs:
            var record = try #require(try await sync.record())
            record.differs = true
            _ = try await target.call(
                SwitchReplica(folder: target.pool, replica: "web01", from: 1, to: record))
        case .defined:
            var other = sync.fleet.machine
            other.uuid = "6a1e1c1e-0000-4000-8000-0000000000ff"
            other.disks = []
            try target.add(other)
        case .nameAlone: break
        }
        let before = try target.snapshot()
        let result = await Self.promote(sync, newName: obstacle == .nameAlone ? "other" : nil)
        guard case .failure(let refusal) = result else {
            Issue.record("promoted")
            return
        }
        #expect(refusal.whatToDo != nil && refusal.exitCode != .other, "\(refusal)")
        #expect(try target.snapshot() == before)
        await sync.fleet.close()
    }

    @Test("Whichever call fails, it is a VM or a replica as before", arguments: FaultPlan.Moment.allCases)
    func everyCall(_ moment: FaultPlan.Moment) async throws {
        var number = 1
        while true {
            let sync = try await Self.synced()
            let target = sync.fleet.targets[0]
            try await sync.fleet.source.undefine(uuid: sync.fleet.machine.uuid)
            let before = try target.snapshot()
            let begun = target.faults.calls.count
            target.faults.fail(.number(begun + number), moment)
            let id = OperationID()
            let result = await Self.promote(sync, id: id)
            let calls = target.faults.calls.count - begun
            target.faults.clear()
            _ = try await sync.fleet.recovery.cleanUp()
            if try await target.domain(named: "web01") == nil {
                #expect(try target.snapshot() == before, "call \(number)")
                #expect((try? result.get())?.exitCode != .ok, "call \(number)")
            } else {
                #expect(try await sync.record() == nil, "call \(number)")
            }
            #expect(try await sync.left(by: id) == [], "call \(number)")
            await sync.fleet.close()
            if calls < number {
                #expect((try? result.get())?.exitCode == .ok)
                break
            }
            number += 1
        }
        #expect(number > 5)
    }

    @Test("a promoted VM is listed as one, a replica with its origin, generation and dates")
    func listed() async throws {
        let sync = try await Self.synced()
        let listing = await sync.fleet.targets[0].listing(status: nil)
        let replica = try #require(listing.replicas.first)
        #expect(listing.vms.isEmpty && listing.isComplete)
        #expect(replica.name == "web01" && replica.origin == "source" && replica.generation == 1)
        #expect(replica.verified == replica.taken && replica.disks.map(\.size) == [1 << 20])
        #expect(await sync.fleet.targets[0].listing(status: .running).replicas.isEmpty)
        await sync.fleet.close()
    }
}
