import Examples
import Foundation
import KVMClone
import Simulation
import Synchronization
import Testing

/// The documented example, on real local hosts.
@Suite(.timeLimit(.minutes(5))) struct ExampleTests {
    @Test("The example lists, clones with progress, tells how the operation stands, and cancels")
    func example() async throws {
        let hosts = try await EmbeddedHosts.up(2)
        do {
            try await Self.use(hosts)
        } catch {
            try await hosts.down()
            throw error
        }
        try await hosts.down()
    }

    private static func use(_ hosts: EmbeddedHosts) async throws {
        let machine = MachineRecipe(disks: [DiskRecipe(size: 8 << 20, runs: 20)], networks: [])
        try await hosts.add(machine, to: 1)
        let example = try CloneWithProgress(
            topology: hosts.topology, stateFolder: hosts.stateFolder, agent: Repository.agent)
        #expect(try await example.names() == ["host1": ["web01"], "host2": []])

        let percents = Mutex<[Int]>([])
        let result = try await example.clone(vm: "web01", from: "host1", to: "host2", as: "web02") { percent in
            percents.withLock { $0.append(percent) }
        }
        #expect(result.exitCode == .ok)
        #expect(result.targets.first?.verified == true)
        #expect(percents.withLock { $0.last } == 100)
        #expect(percents.withLock { list in list.allSatisfy { (0...100).contains($0) } })
        #expect(try await example.state(of: result.id) == .completed)
        #expect(try await example.names() == ["host1": ["web01"], "host2": ["web02"]])
        let original = try Data(contentsOf: URL(fileURLWithPath: hosts.pool(1) + "/web01-vda.img"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: hosts.pool(2) + "/web02-vda.img")) == original)

        let cancelled = try await example.cloneAndCancel(vm: "web01", from: "host1", to: "host2", as: "web03")
        let isCancelled = cancelled.state == .cancelled
        // A copy this small may be complete before the request to stop arrives: then it stands as a whole.
        let copies = isCancelled ? ["web02"] : ["web02", "web03"]
        #expect(try await example.names(on: ["host2"]) == ["host2": copies])
        let files = try FileManager.default.contentsOfDirectory(atPath: hosts.pool(2)).sorted()
        #expect(files == copies.map { "\($0)-vda.img" })
        #expect(try await example.state(of: cancelled.id) == cancelled.state)
        await example.close()
    }
}
