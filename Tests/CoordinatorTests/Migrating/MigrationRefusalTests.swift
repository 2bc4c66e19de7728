import Model
import Simulation
import Testing

@testable import Coordinator

/// What is refused before anything is done.
@Suite("Migrations that don't begin")
struct MigrationRefusalTests {
    enum Obstacle: CaseIterable {
        case snapshots, paused, namesake, sameUUID, warmWithoutBackups

        var message: String {
            switch self {
            case .snapshots: "2 snapshots, which would not come along"
            case .paused: "only one that runs or is shut off is moved"
            case .namesake: "is defined there already"
            case .sameUUID: "a VM with its uuid is defined there already: 'other'"
            case .warmWithoutBackups: "it can't be copied while it runs"
            }
        }
    }

    @Test("what stands in the way is said before anything is done", arguments: Obstacle.allCases)
    func refused(_ obstacle: Obstacle) async throws {
        let move = try MigrationFleet(running: obstacle == .warmWithoutBackups)
        switch obstacle {
        case .snapshots: move.source.changeLibvirt { $0.domains[0].snapshots = ["before", "after"] }
        case .paused: move.source.changeLibvirt { $0.domains[0].state = .paused }
        case .namesake, .sameUUID:
            var other = move.fleet.machine
            if obstacle == .namesake {
                other.uuid = "6a1e1c1e-0000-4000-8000-0000000000ff"
            } else {
                other.name = "other"
            }
            try move.target.add(other)
        case .warmWithoutBackups: break
        }
        let before = (try move.source.snapshot(), try move.target.snapshot(), move.whereabouts)
        let id = OperationID()
        let error = await #expect(throws: KVMCloneError.self) { try await move.move(move.request(), id: id) }
        #expect(error?.message.contains(obstacle.message) == true, "\(String(describing: error))")
        #expect(error?.whatToDo != nil)
        #expect(try move.source.snapshot() == before.0)
        #expect(try move.target.snapshot() == before.1)
        let now = move.whereabouts
        #expect(now == before.2)
        #expect(try await move.fleet.journal.operation(id) == nil)
        await move.fleet.close()
    }

    @Test(
        "options of another kind of migration are refused and not ignored",
        arguments: [
            ("--post-copy", false), ("--auto-converge", false), ("--pause-after", false), ("--native", false),
            ("--downtime", false), ("--force-off", true), ("--shutdown-timeout", true),
        ])
    func misplaced(_ option: (name: String, isLive: Bool)) async throws {
        let move = try MigrationFleet(running: true, type: "qemu")
        let request = move.request(option.isLive ? .live : .cold) { options in
            switch option.name {
            case "--post-copy": options.migration.postCopy = true
            case "--auto-converge": options.migration.autoConverges = true
            case "--pause-after": options.migration.pauseAfter = 5
            case "--native": options.migration.native = true
            case "--downtime": options.migration.downtime = 1
            case "--force-off": options.migration.forcesOff = true
            default: options.migration.shutdownTimeout = 5
            }
        }
        let error = await #expect(throws: KVMCloneError.self) { try await move.move(request) }
        #expect(error?.message.contains(option.name) == true, "\(String(describing: error))")
        await move.fleet.close()
    }

    @Test(
        "a VM that is shut off moves cold whatever was asked for, and that is said",
        arguments: [.live, .warm] as [MigrationMode])
    func off(_ mode: MigrationMode) async throws {
        let move = try MigrationFleet(running: false)
        let plan = try await move.fleet.coordinator.plan(move.request(mode))
        #expect(plan.migration?.mode == .cold)
        #expect(
            plan.findings.contains { $0.severity == .warning && $0.message.contains("moves cold") }, "\(plan.findings)")
        await move.fleet.close()
    }

    @Test("warm migrations end their passes when little is left, when it gets no less, or after eight")
    func passes() {
        func verdict(_ seconds: [Double]) -> String? {
            var passes = WarmPasses(goal: 10)
            for value in seconds { passes.add(seconds: value) }
            return passes.verdict
        }
        #expect(verdict([]) == nil)
        #expect(verdict([2]) == nil)
        #expect(verdict([300, 9.5]) == "the last copy is predicted to take 10 s")
        #expect(verdict([300, 100]) == nil)
        #expect(verdict([300, 100, 95]) == "the last copy is predicted to take 95 s, and won't get shorter")
        #expect(verdict([900, 700, 500, 380, 300, 230, 180]) == nil)
        #expect(
            verdict([900, 700, 500, 380, 300, 230, 180, 140])
                == "the last copy is predicted to take 140 s, after 8 passes")
    }
}
