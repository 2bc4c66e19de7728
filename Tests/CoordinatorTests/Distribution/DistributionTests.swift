import AgentProtocol
import Model
import Planner
import Simulation
import Synchronization
import Testing
import Topology

@testable import Coordinator

@Suite("Distribution to many", .timeLimit(.minutes(3)))
struct DistributionTests {
    static func fleet(_ text: String) throws -> Fleet {
        try Fleet.parse("apiVersion: kvm-clone/v1\nname: f\n" + text, folder: "/")
    }

    @Test("One target, or a star, needs no trees; sites that don't reach each other fall back to a star, and say so")
    func shapes() throws {
        let fleet = try Self.fleet(
            "sites: { x: {}, y: {}, z: {} }\nlinks: [{ between: [x, y] }]\n"
                + "hosts: { a: { site: x }, b: { site: x }, c: { site: z } }\n")
        func plan(_ targets: [String], _ shape: CloneOptions.FanOut) throws(KVMCloneError) -> Distribution {
            try Distribution.plan(from: "a", to: targets, fleet: fleet, shape: shape, payload: 1 << 30)
        }
        #expect(try plan(["b"], .auto) == Distribution())
        #expect(try plan(["b", "c"], .star) == Distribution())
        let fallBack = try plan(["b", "c"], .auto)
        #expect(fallBack.plan == nil && fallBack.note?.contains("c") == true)
        let error = #expect(throws: KVMCloneError.self) { try plan(["b", "c"], .tree) }
        #expect(error?.code == .validation && error?.field == "--fanout")
        // Names that the file doesn't have take part with what is usual.
        #expect(try plan(["b", "elsewhere"], .auto).plan?.cohorts.count == 1)
    }

    @Test("Targets behind a slow link are fed together, once over the link; a slow host by itself")
    func slowLink() throws {
        let hosts =
            "hosts:\n  a: { site: x, uplink: 100M, downlink: 100M }\n"
            + "  b: { site: x, uplink: 100M, downlink: 100M }\n  c: { site: y, uplink: 100M, downlink: 100M }\n"
            + "  d: { site: y, uplink: 100M, downlink: 100M }\n  e: { site: x, uplink: 100M, downlink: 5M }\n"
        let fleet = try Self.fleet("sites: { x: {}, y: {} }\nlinks: [{ between: [x, y], capacity: 20M }]\n" + hosts)
        func plan(_ targets: [String]) throws -> DistributionPlan {
            try #require(
                Distribution.plan(from: "a", to: targets, fleet: fleet, shape: .auto, payload: 1 << 30).plan)
        }
        let sites = try plan(["b", "c", "d"])
        #expect(sites.cohorts.count == 1)
        #expect(sites.traffic(bytes: 1000).links.map(\.bytes).reduce(0, +) <= 1050)
        #expect(try plan(["b", "e"]).cohorts.map(\.targets) == [["b"], ["e"]])
    }

    @Test("Every shape gives every target the same bits", arguments: CloneOptions.FanOut.allCases)
    func everyShape(shape: CloneOptions.FanOut) async throws {
        let fleet = try FakeFleet(targets: 5, machine: MachineRecipe(disks: [DiskRecipe(size: 40 << 20, runs: 12)]))
        var options = CloneOptions()
        options.fanOut = shape
        let id = OperationID()
        let result = try await fleet.run(options, id: id)
        for (target, outcome) in zip(fleet.targets, result.targets) {
            #expect(outcome.error == nil && outcome.verified)
            #expect(try fleet.defects(of: target) == [])
        }
        #expect(try await fleet.heldThings(by: id) == [])
        await fleet.close()
    }

    @Test("A slow target holds nobody up: the others are complete before it, and it lacks nothing in the end")
    func slowTarget() async throws {
        let topology = try Self.fleet(
            "hosts:\n  source: { uplink: 100M, downlink: 100M }\n  target1: { uplink: 100M, downlink: 100M }\n"
                + "  target2: { uplink: 100M, downlink: 2M, inbound: 2M }\n  target3: { uplink: 100M, downlink: 100M }\n"
        )
        let fleet = try FakeFleet(targets: 3, machine: MachineRecipe(disks: [DiskRecipe(size: 64 << 20, runs: 120)]))
        var options = CloneOptions()
        options.compression = .off
        // So that the slow one surely isn't through with what it could take beside the others.
        options.bandwidthLimit = Timetable(bytesPerSecond: 16 << 20)
        let coordinator = fleet.coordinator(fleet: topology)
        let plan = try await coordinator.plan(fleet.request(options))
        #expect(try coordinator.distribution(of: plan, options).plan?.cohorts.map(\.targets.count) == [2, 1])
        let id = OperationID()
        let ended = Mutex<[String]>([])
        let result = try await coordinator.run(fleet.request(options), id: id, stop: StopSignal()) { event in
            if case .targetEnded(let outcome) = event { ended.withLock { $0.append(outcome.host) } }
        }
        for (target, outcome) in zip(fleet.targets, result.targets) {
            #expect(outcome.error == nil && outcome.verified)
            #expect(try fleet.defects(of: target) == [])
        }
        #expect(ended.withLock { $0.last } == "target2")
        #expect(try await fleet.heldThings(by: id) == [])
        await fleet.close()
    }

    @Test(
        "A target in the middle of a chain dies while it receives: the others finish, verified",
        arguments: [0, 1, 2, 3])
    func deadRelay(victim: Int) async throws {
        let fleet = try FakeFleet(targets: 4, machine: MachineRecipe(disks: [DiskRecipe(size: 96 << 20, runs: 400)]))
        var options = CloneOptions()
        options.fanOut = .chain
        // The copy takes some seconds; the victim has less than one.
        options.bandwidthLimit = Timetable(bytesPerSecond: 8 << 20)
        let host = fleet.targets[victim]
        host.faults.act(.name(Receive.name), .before) {
            Task.detached {
                try await Task.sleep(for: .milliseconds(700))
                host.killAgent()
            }
        }
        let id = OperationID()
        let result = try await fleet.run(options, id: id)
        for (place, target) in fleet.targets.enumerated() {
            if place == victim {
                #expect(result.targets[place].error != nil)
                #expect(result.targets[place].kept != nil)
                #expect(try target.snapshot().domains.isEmpty)
            } else {
                #expect(result.targets[place].error == nil && result.targets[place].verified)
                #expect(try fleet.defects(of: target) == [])
            }
        }
        try await fleet.finish(id)
        #expect(try await fleet.heldThings(by: id) == [])
        await fleet.close()
    }
}
