import AgentProtocol
import DomainXML
import Foundation
import Model
import Simulation
import Testing

@testable import Coordinator

/// Shut-off VMs that get what differs, and stay what they are.
@Suite("Syncing VMs", .serialized)
struct SyncVMTests {
    private static let disks = [DiskRecipe(format: "qcow2", size: 20 << 20), DiskRecipe("vdb", size: 1 << 20, seed: 2)]

    /// A fleet whose target has a clone, and whose machine was written since.
    private static func cloned(_ disks: [DiskRecipe] = disks) async throws -> SyncFleet {
        let sync = try SyncFleet(disks)
        _ = try await sync.fleet.run()
        try sync.write(3, at: 192 << 10)
        try sync.write(4, at: 0, disk: disks.count - 1)
        return sync
    }

    /// What is wrong with the clone; empty when its disks are what the source's are, it is defined as `before`, and nothing
    /// is left.
    private static func defects(_ sync: SyncFleet, before: HostSnapshot) throws -> [String] {
        var defects: [String] = []
        let now = try sync.fleet.targets[0].snapshot()
        if now.domains != before.domains { defects.append("defined otherwise: \(now.domains)") }
        if now.files.keys.sorted() != before.files.keys.sorted() { defects.append("files: \(now.files.keys.sorted())") }
        for recipe in sync.fleet.machine.disks {
            let file = recipe.fileName(machine: "web01")
            let paths = [sync.fleet.source, sync.fleet.targets[0]].map { $0.pool + "/" + file }
            do {
                try Tool.run("qemu-img", ["compare", "-q", "-f", recipe.format, "-F", recipe.format] + paths)
            } catch {
                defects.append("\(recipe.target): \(error)")
            }
        }
        return defects
    }

    @Test("a clone that is shut off gets what differs, and keeps its identity")
    func clone() async throws {
        let sync = try await Self.cloned()
        let before = try sync.fleet.targets[0].snapshot()
        let id = OperationID()
        let result = try await sync.sync(id: id)
        #expect(result.exitCode == .ok && result.targets[0].logicalBytes == 2 * 65_536, "\(result)")
        #expect(try Self.defects(sync, before: before) == [])
        #expect(try await sync.left(by: id) == [])
        // And again.
        try sync.write(9, at: 10 << 20)
        #expect(try await sync.sync().exitCode == .ok)
        #expect(try Self.defects(sync, before: before) == [])
        await sync.fleet.close()
    }

    @Test("after a promotion the sync in the other direction is a delta as well")
    func backwards() async throws {
        let sync = try SyncFleet([DiskRecipe(format: "qcow2", size: 20 << 20)])
        try await sync.sync()
        let definition = try #require(try await sync.fleet.source.domain(named: "web01"))
        try await sync.fleet.source.undefine(uuid: definition.uuid)
        _ = try await sync.fleet.coordinator.promote(
            PromotionRequest(host: "target1", replica: "web01"), id: OperationID(), stop: StopSignal()
        ) { _ in }
        try await sync.fleet.source.define(definition.inactiveXML)
        let file = sync.fleet.targets[0].pool + "/web01-vda.qcow2"
        try Tool.run("qemu-io", ["-f", "qcow2", "-c", "write -P 7 7M 64k", file])
        let result = try await sync.fleet.coordinator.run(
            CloneRequest(kind: .sync, vm: "web01", source: "target1", targets: ["source"]), id: OperationID(),
            stop: StopSignal()
        ) { _ in }
        #expect(result.exitCode == .ok && result.targets[0].logicalBytes == 65_536, "\(result)")
        try Tool.run("qemu-img", ["compare", "-q", file, sync.fleet.source.pool + "/web01-vda.qcow2"])
        #expect(try await sync.fleet.source.domain(named: "web01")?.inactiveXML == definition.inactiveXML)
        await sync.fleet.close()
    }

    @Test("while its overlays are merged it is defined with them, and so has its new state")
    func bootable() async throws {
        let sync = try await Self.cloned()
        let target = sync.fleet.targets[0]
        let before = try target.snapshot()
        target.faults.fail(.name("replica.merge"), .before)
        let id = OperationID()
        let result = try await sync.sync(id: id)
        #expect(result.targets[0].error == nil && !result.targets[0].warnings.isEmpty, "\(result)")
        let domain = try DomainDescription(parsing: try #require(try target.snapshot().domains["web01"]))
        for (disk, recipe) in zip(domain.disks, sync.fleet.machine.disks) {
            let original = sync.fleet.source.pool + "/" + recipe.fileName(machine: "web01")
            let path = try #require(disk.image.source.path)
            #expect(path.hasSuffix(".g1.qcow2"))
            try Tool.run("qemu-img", ["compare", "-q", "-f", recipe.format, "-F", "qcow2", original, path])
        }
        // Another sync doesn't go on with half of one.
        #expect(await sync.refusal()?.whatToDo?.contains("op cleanup \(id)") == true)
        #expect(try await sync.fleet.recovery.cleanUp([id]).allSatisfy(\.isClean))
        #expect(try Self.defects(sync, before: before) == [])
        #expect(try await sync.left(by: id) == [])
        await sync.fleet.close()
    }

    @Test("a VM that is started before its disks are locked is not changed")
    func started() async throws {
        let sync = try await Self.cloned()
        let target = sync.fleet.targets[0]
        target.faults.act(.name("compare.open"), .after) { () throws(KVMCloneError) in
            target.changeLibvirt { $0.domains[0].state = .running }
        }
        let before = try target.snapshot()
        let id = OperationID()
        let result = try await sync.sync(id: id)
        #expect(result.targets[0].error?.message.contains("was started or changed") == true, "\(result)")
        #expect(try target.snapshot() == before)
        #expect(try await sync.left(by: id) == [])
        await sync.fleet.close()
    }

    @Test("Whichever call fails, it is as before or as after", arguments: FaultPlan.Moment.allCases)
    func everyCall(_ moment: FaultPlan.Moment) async throws {
        var number = 1
        while true {
            let sync = try await Self.cloned([DiskRecipe(size: 256 << 10)])
            let target = sync.fleet.targets[0]
            let before = try target.snapshot()
            let begun = target.faults.calls.count
            target.faults.fail(.number(begun + number), moment)
            let id = OperationID()
            do throws(KVMCloneError) { try await sync.sync(id: id) } catch {
                #expect(try target.snapshot() == before, "call \(number): \(error)")
            }
            let calls = target.faults.calls.count - begun
            target.faults.clear()
            if try await !sync.fleet.journal.openSteps(of: id).isEmpty {
                #expect(try await sync.fleet.recovery.cleanUp([id]).allSatisfy(\.isClean), "call \(number)")
            }
            if try target.snapshot() != before {
                #expect(try Self.defects(sync, before: before) == [], "call \(number)")
            }
            let left = try await sync.left(by: id)
            #expect(left == [], "call \(number): \(left)")
            await sync.fleet.close()
            if calls < number { break }
            number += 1
        }
        #expect(number > 10)
    }
}
