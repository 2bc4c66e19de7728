import Model
import Simulation
import Synchronization
import Testing
import Topology

@testable import Coordinator

/// Copies that something limits, by the real agents. How near they come to their limits is for the lab to measure;
/// here nobody may exceed them, and a slow machine only stays below.
@Suite("Limited copies")
struct LimitedCopyTests {
    private static let limit = 6 << 20

    private static func machine(_ number: Int, megabytes: Int) -> MachineRecipe {
        var disk = DiskRecipe(size: megabytes << 20, seed: UInt64(number))
        disk.isDense = true
        return MachineRecipe(
            name: "web\(number)", uuid: "6a1e1c1e-0000-4000-8000-0000000000a\(number)", disks: [disk])
    }

    /// What may pass in that time, five per cent more included, and what the buckets of `flows` hold.
    private static func most(in seconds: Double) -> Double { Double(limit) * (seconds * 1.05 + 0.2) }

    @Test(
        "the limit of an operation holds for all that a host sends",
        arguments: [CloneOptions.FanOut.star, .chain, .auto])
    func operation(shape: CloneOptions.FanOut) async throws {
        let hosts = try FakeFleet(targets: 2, machine: Self.machine(1, megabytes: 12))
        var options = CloneOptions()
        options.compression = .off
        options.fanOut = shape
        options.bandwidthLimit = Timetable(bytesPerSecond: UInt64(Self.limit))
        let begin = ContinuousClock.now
        let result = try await hosts.run(options)
        let seconds = begin.duration(to: .now) / .seconds(1)
        for (target, outcome) in zip(hosts.targets, result.targets) {
            #expect(outcome.error == nil && outcome.verified)
            #expect(try hosts.defects(of: target) == [])
        }
        // In a star the source sends both copies; else it sends one, and the targets the other.
        let sent = result.targets.reduce(0) { $0 + Double($1.wireBytes) } / (shape == .star ? 1 : 2)
        #expect(sent >= 12 * 1_048_576 && sent <= Self.most(in: seconds), "\(sent) bytes in \(seconds) s")
        await hosts.close()
    }

    @Test("two operations of one coordinator together keep the limit of a link")
    func together() async throws {
        let hosts = try FakeFleet(targets: 2, machine: Self.machine(1, megabytes: 12))
        let other = Self.machine(2, megabytes: 12)
        try hosts.source.add(other)
        let coordinator = hosts.coordinator(
            fleet: try DistributionTests.fleet(
                """
                sites: { x: {}, y: {} }
                links: [{ between: [x, y], limit: 6M }]
                hosts: { source: { site: x }, target1: { site: y }, target2: { site: y } }
                """))
        var options = CloneOptions()
        options.compression = .off
        let requests = [(hosts.machine.name, "target1"), (other.name, "target2")].map { [options] vm, target in
            CloneRequest(kind: .clone, vm: vm, source: "source", targets: [target], options: options)
        }
        let begin = ContinuousClock.now
        let sent = try await withThrowingTaskGroup(of: Double.self) { group in
            for request in requests {
                group.addTask {
                    let result = try await coordinator.run(request, id: OperationID(), stop: StopSignal()) { _ in }
                    #expect(result.targets.allSatisfy { $0.error == nil && $0.verified })
                    return result.targets.reduce(0) { $0 + Double($1.wireBytes) }
                }
            }
            return try await group.reduce(0, +)
        }
        let seconds = begin.duration(to: .now) / .seconds(1)
        #expect(sent >= 24 * 1_048_576 && sent <= Self.most(in: seconds), "\(sent) bytes in \(seconds) s")
        // Something limited them: nothing was to be learnt of the network.
        #expect(try await hosts.journal.observedRates(at: Int(WallClock.system.now())).isEmpty)
        await hosts.close()
    }
}
