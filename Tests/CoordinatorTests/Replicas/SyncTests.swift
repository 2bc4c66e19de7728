import AgentProtocol
import DomainXML
import Foundation
import Model
import Simulation
import Synchronization
import Testing

@testable import Coordinator

/// Replicas that are made and kept in sync, on fake hosts with real disks and real agents.
@Suite("Syncing", .serialized)
struct SyncTests {
    private static let both = [
        DiskRecipe(format: "qcow2", size: 40 << 20), DiskRecipe("vdb", size: 20 << 20, seed: 2),
    ]

    @Test("the first sync makes a replica: the same name, uuid and MACs, and nothing is defined")
    func first() async throws {
        let sync = try SyncFleet(Self.both, targets: 2)
        let id = OperationID()
        let result = try await sync.sync(id: id)
        #expect(result.exitCode == .ok, "\(result)")
        for target in 0...1 {
            #expect(try await sync.defects(target) == [])
            let record = try #require(try await sync.record(target))
            #expect(record.name == "web01" && record.uuid == sync.fleet.machine.uuid && record.origin == "source")
            #expect(record.generation == 1 && record.operation == "\(id)" && record.verified == record.taken)
            let domain = try DomainDescription(parsing: record.xml)
            let original = try DomainDescription(parsing: sync.fleet.machine.xml(folder: "/"))
            #expect(domain.uuid == original.uuid && domain.interfaces.map(\.mac) == original.interfaces.map(\.mac))
            let pool = sync.fleet.targets[target].pool
            #expect(domain.disks.map(\.image.source.path) == record.disks.map { "\(pool)/\($0.file)" })
        }
        #expect(try await sync.left(by: id) == [])
        await sync.fleet.close()
    }

    @Test("the next sync sends what has changed, and nothing else", arguments: [1, 3])
    func delta(_ targets: Int) async throws {
        let sync = try SyncFleet(Self.both, targets: targets)
        try await sync.sync()
        try sync.write(7, at: 3 << 16)
        try sync.write(8, at: 17 << 20 | 100, count: 70_000)
        try sync.write(9, at: 20 << 20 - 512, count: 512, disk: 1)
        let id = OperationID()
        let result = try await sync.sync(id: id)
        #expect(result.exitCode == .ok, "\(result)")
        for target in 0..<targets {
            #expect(try await sync.defects(target) == [])
            #expect(try await sync.record(target)?.generation == 2)
            #expect(result.targets[target].logicalBytes == 4 * 65_536 && result.targets[target].verified)
            #expect(result.targets[target].wireBytes < 5 * 65_536, "\(result.targets[target].wireBytes)")
        }
        #expect(try await sync.left(by: id) == [])
        await sync.fleet.close()
    }

    @Test("data that became zeros is sent as zeros")
    func zeros() async throws {
        let sync = try SyncFleet([DiskRecipe(size: 20 << 20, runs: 40)])
        try await sync.sync()
        try sync.write(0, at: 0, count: 20 << 20)
        let result = try await sync.sync()
        #expect(result.exitCode == .ok && result.targets[0].logicalBytes > 0)
        #expect(result.targets[0].wireBytes < 65_536, "\(result.targets[0].wireBytes)")
        #expect(try await sync.defects() == [])
        await sync.fleet.close()
    }

    @Test("with nothing changed nothing is sent, and the replica is as of now")
    func unchanged() async throws {
        let sync = try SyncFleet()
        try await sync.sync()
        let result = try await sync.sync()
        #expect(result.exitCode == .ok && result.targets[0].logicalBytes == 0 && result.targets[0].verified)
        #expect(try await sync.record()?.generation == 2)
        #expect(try await sync.defects() == [])
        await sync.fleet.close()
    }

    @Test("targets in different states catch up, each by itself: one that was away, one that is new")
    func states() async throws {
        let sync = try SyncFleet(Self.both, targets: 3)
        try await sync.sync(targets: ["target1", "target2"])
        try sync.write(1, at: 1 << 20)
        try await sync.sync(targets: ["target1"])
        try sync.write(2, at: 2 << 20)
        let id = OperationID()
        let result = try await sync.sync(id: id)
        #expect(result.exitCode == .ok, "\(result)")
        for target in 0..<3 { #expect(try await sync.defects(target) == []) }
        #expect(result.targets.map(\.logicalBytes) == [65_536, 131_072, 60 << 20])
        var generations: [Int?] = []
        for target in 0..<3 { generations.append(try await sync.record(target)?.generation) }
        #expect(generations == [3, 2, 1])
        #expect(!result.targets.contains { !$0.verified })
        #expect(try await sync.left(by: id) == [])
        await sync.fleet.close()
    }

    @Test("A disk of another size is copied whole, and the old one goes")
    func resized() async throws {
        let sync = try SyncFleet()
        try await sync.sync()
        try Tool.run(
            "qemu-img", ["resize", "-q", "-f", "raw", sync.fleet.source.pool + "/web01-vda.img", "48M"])
        var options = CloneOptions()
        options.deltaOnly = true
        #expect(await sync.refusal(options) != nil)
        let result = try await sync.sync()
        #expect(result.exitCode == .ok, "\(result)")
        #expect(try await sync.defects() == [])
        #expect(try await sync.record()?.disks.map(\.file) == ["web01-vda.g2.img"])
        await sync.fleet.close()
    }

    @Test("A running VM is synced from its backup, first and next")
    func running() async throws {
        let sync = try SyncFleet([DiskRecipe(format: "qcow2", size: 20 << 20)], type: "qemu")
        sync.fleet.source.changeLibvirt { $0.domains[0].state = .running }
        #expect(try await sync.sync().exitCode == .ok)
        #expect(try await sync.defects() == [])
        try sync.write(5, at: 5 << 20)
        let id = OperationID()
        let result = try await sync.sync(id: id)
        #expect(result.exitCode == .ok && result.targets[0].logicalBytes == 65_536, "\(result)")
        #expect(try await sync.defects() == [])
        #expect(sync.fleet.source.backup == nil)
        #expect(try await sync.left(by: id) == [])
        await sync.fleet.close()
    }

    enum Obstacle: CaseIterable {
        case running, otherDisks, otherVM, differs, unusable, missingForDelta
    }

    @Test("A sync is refused where it would harm, and changes nothing", arguments: Obstacle.allCases)
    func refused(_ obstacle: Obstacle) async throws {
        let sync = try SyncFleet()
        let target = sync.fleet.targets[0]
        var options = CloneOptions()
        let file = target.pool + "/web01" + ReplicaRecord.suffix
        switch obstacle {
        case .running:
            _ = try await sync.fleet.run()
            target.changeLibvirt { $0.domains[0].state = .running }
        case .otherDisks:
            var other = sync.fleet.machine
            other.disks = [DiskRecipe(size: 1 << 20)]
            try target.add(other)
        case .missingForDelta: options.deltaOnly = true
        case .otherVM, .differs:
            try await sync.sync()
            var record = try #require(try await sync.record())
            if obstacle == .differs { record.differs = true } else { record.uuid = "another" }
            _ = try await target.call(
                SwitchReplica(folder: target.pool, replica: "web01", from: 1, to: record))
        case .unusable:
            try await sync.sync()
            try Data("{}".utf8).write(to: URL(fileURLWithPath: file))
        }
        let before = try target.snapshot()
        let refusal = await sync.refusal(options)
        #expect(
            refusal?.exitCode == .preflight && refusal?.whatToDo != nil,
            "\(refusal as Any)")
        #expect(try target.snapshot() == before)
        await sync.fleet.close()
    }

    @Test("What differs from its source after it was written is not switched to")
    func spoilt() async throws {
        let sync = try SyncFleet()
        try await sync.sync()
        try sync.write(7, at: 1 << 20, count: 1 << 20)
        let before = try sync.fleet.targets[0].snapshot()
        let target = sync.fleet.targets[0]
        target.faults.act(.name("receive.readback.ranges"), .before) { () throws(KVMCloneError) in
            // The medium lies about one leaf.
            for name in (try? FileManager.default.contentsOfDirectory(atPath: target.pool)) ?? []
            where name.hasSuffix(".partial") {
                guard let file = FileHandle(forUpdatingAtPath: target.pool + "/" + name),
                    let end = try? file.seekToEnd()
                else { continue }
                try? file.seek(toOffset: end - 65_536)
                try? file.write(contentsOf: Data(repeating: 1, count: 65_536))
                try? file.close()
            }
        }
        let id = OperationID()
        let result = try await sync.sync(id: id)
        #expect(result.targets[0].error?.message.contains("differs from its source") == true, "\(result)")
        #expect(try target.snapshot() == before)
        #expect(try await sync.left(by: id) == [])
        await sync.fleet.close()
    }
}
