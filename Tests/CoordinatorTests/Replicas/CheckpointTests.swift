import AgentProtocol
import DomainXML
import Foundation
import Model
import Simulation
import Synchronization
import Testing

@testable import Coordinator

/// Syncs of running VMs whose bitmaps say what was written.
@Suite("Syncing with checkpoints", .serialized)
struct CheckpointTests {
    private static var options: CloneOptions {
        var options = CloneOptions()
        options.checkpoint = true
        return options
    }

    private static func running(targets: Int = 1) async throws -> SyncFleet {
        let sync = try SyncFleet([DiskRecipe(format: "qcow2", size: 20 << 20)], targets: targets, type: "qemu")
        sync.fleet.source.changeLibvirt { $0.domains[0].state = .running }
        return sync
    }

    private static func checkpoints(_ sync: SyncFleet) async throws -> [String] {
        try await sync.fleet.source.domain(named: "web01")?.checkpoints ?? []
    }

    private static func calls(_ host: FakeHost, _ name: String) -> Int { host.faults.calls.filter { $0 == name }.count }

    @Test("with a checkpoint that the replica was taken at neither side is read: only what was written is sent")
    func dirty() async throws {
        let sync = try await Self.running()
        let first = OperationID()
        try await sync.sync(Self.options, id: first)
        #expect(try await Self.checkpoints(sync) == ["kvm-clone-\(first)"])
        #expect(try await sync.record()?.checkpoint == "kvm-clone-\(first)")
        let verified = try await sync.record()?.verified
        try sync.write(5, at: 5 << 20)
        try sync.write(0, at: 7 << 20)
        let id = OperationID()
        let result = try await sync.sync(Self.options, id: id)
        #expect(result.exitCode == .ok && result.targets[0].logicalBytes == 2 * 65_536, "\(result)")
        #expect(result.targets[0].verified)
        for host in sync.fleet.hosts { #expect(Self.calls(host, "compare.units") == 0) }
        #expect(try await sync.defects() == [])
        #expect(try await Self.checkpoints(sync) == ["kvm-clone-\(first)", "kvm-clone-\(id)"])
        #expect(try await sync.record()?.checkpoint == "kvm-clone-\(id)")
        // What wasn't read wasn't verified.
        #expect(try await sync.record()?.verified == verified)
        #expect(try await sync.left(by: id) == [])
        await sync.fleet.close()
    }

    @Test("targets of different checkpoints get what was written since the oldest; one without is compared")
    func several() async throws {
        let sync = try await Self.running(targets: 3)
        try await sync.sync(targets: ["target3"])
        try await sync.sync(Self.options, targets: ["target1", "target2"])
        try sync.write(1, at: 1 << 20)
        try await sync.sync(Self.options, targets: ["target1"])
        try sync.write(2, at: 2 << 20)
        let result = try await sync.sync(Self.options)
        #expect(result.exitCode == .ok, "\(result)")
        for target in 0..<3 { #expect(try await sync.defects(target) == []) }
        #expect(result.targets.map(\.logicalBytes) == [131_072, 131_072, 131_072])
        let compared = sync.fleet.targets.map { Self.calls($0, "compare.units") > 0 }
        #expect(compared == [false, false, true])
        await sync.fleet.close()
    }

    enum Loss: CaseIterable { case forgotten, broken }

    @Test(
        "A checkpoint that is lost, or whose bitmap is broken, is noticed: the disks are compared, and that is said",
        arguments: Loss.allCases)
    func lost(_ loss: Loss) async throws {
        let sync = try await Self.running()
        let first = OperationID()
        try await sync.sync(Self.options, id: first)
        try sync.write(5, at: 5 << 20)
        switch loss {
        case .forgotten: sync.fleet.source.changeLibvirt { $0.domains[0].checkpoints = [] }
        case .broken:
            try Tool.run(
                "qemu-img",
                ["bitmap", "--remove", sync.fleet.source.pool + "/web01-vda.qcow2", "kvm-clone-\(first)"])
        }
        let warnings = Mutex<[String]>([])
        let id = OperationID()
        let result = try await sync.sync(Self.options, id: id) { event in
            if case .warning(_, let message) = event { warnings.withLock { $0.append(message) } }
        }
        #expect(result.exitCode == .ok && result.targets[0].logicalBytes == 65_536, "\(result)")
        #expect(try await sync.defects() == [])
        let isSaid = warnings.withLock { $0.contains { $0.contains("compared") } }
        #expect(isSaid, "\(warnings.withLock { $0 })")
        #expect(try await Self.checkpoints(sync) == ["kvm-clone-\(id)"])
        #expect(try await sync.left(by: id) == [])
        await sync.fleet.close()
    }

    @Test("a sync that fails leaves no checkpoint, and the next one sends all that it would have sent")
    func failed() async throws {
        let sync = try await Self.running()
        try await sync.sync(Self.options)
        let before = try await Self.checkpoints(sync)
        try sync.write(5, at: 5 << 20)
        sync.fleet.targets[0].faults.fail(.name("replica.switch"), .before)
        let id = OperationID()
        let result = try await sync.sync(Self.options, id: id)
        #expect(result.exitCode != .ok)
        #expect(try await Self.checkpoints(sync) == before)
        #expect(try await sync.left(by: id) == [])
        try sync.write(6, at: 6 << 20)
        #expect(try await sync.sync(Self.options).targets[0].logicalBytes == 2 * 65_536)
        #expect(try await sync.defects() == [])
        await sync.fleet.close()
    }

    @Test("no more than eight checkpoints are kept")
    func pruned() async throws {
        let sync = try await Self.running()
        for number in 1...10 {
            try sync.write(UInt8(number), at: number << 20)
            #expect(try await sync.sync(Self.options).exitCode == .ok)
        }
        #expect(try await Self.checkpoints(sync).count == 8)
        #expect(try await sync.defects() == [])
        await sync.fleet.close()
    }

    @Test("without --checkpoint none is made, and one that is there is used")
    func optional() async throws {
        let sync = try await Self.running()
        try await sync.sync(Self.options)
        let before = try await Self.checkpoints(sync)
        try sync.write(5, at: 5 << 20)
        #expect(try await sync.sync().targets[0].logicalBytes == 65_536)
        try sync.write(6, at: 6 << 20)
        // Since the same checkpoint as before.
        #expect(try await sync.sync().targets[0].logicalBytes == 2 * 65_536)
        #expect(try await Self.checkpoints(sync) == before)
        #expect(try await sync.defects() == [])
        #expect(sync.fleet.targets[0].faults.calls.contains("compare.units") == false)
        await sync.fleet.close()
    }
}
