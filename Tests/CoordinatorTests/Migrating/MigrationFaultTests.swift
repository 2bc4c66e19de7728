import AgentProtocol
import Model
import Simulation
import Testing

@testable import Coordinator

/// Whatever fails, and whenever the coordinator dies: one host has the VM in the end, and it runs there.
@Suite("Faults while moving") struct MigrationFaultTests {
    struct Setting: Sendable, CustomTestStringConvertible {
        var failsOnSource: Bool
        var moment: FaultPlan.Moment
        var testDescription: String { "a call to the \(failsOnSource ? "source" : "target") fails \(moment)" }
    }

    static let settings = [false, true].flatMap { source in
        FaultPlan.Moment.allCases.map { Setting(failsOnSource: source, moment: $0) }
    }

    @Test("Whichever call of a host fails, the VM runs on exactly one host in the end", arguments: settings)
    func everyCall(_ setting: Setting) async throws {
        var number = 1
        while true {
            let move = try MigrationFleet(running: true, size: 256 << 10)
            let host = setting.failsOnSource ? move.source : move.target
            host.faults.fail(.number(number), setting.moment)
            let id = OperationID()
            do throws(KVMCloneError) { try await move.move(move.request(.cold), id: id) } catch {
                #expect(move.whereabouts == ["source running"], "call \(number): \(error)")
            }
            let calls = host.faults.calls.count
            try await Self.check(move, id, "call \(number), \(host.faults.calls.dropFirst(number - 1).first ?? "")")
            if calls < number { break }
            number += 1
        }
        #expect(number > 10)
    }

    enum Ending: CaseIterable { case cleanUp, resume, resumeStopped, cleanUpLive, resumeLive }

    @Test(
        "Whenever the coordinator dies, it never runs twice, and a clean-up or another run ends it",
        arguments: Ending.allCases)
    func everyWrite(_ ending: Ending) async throws {
        var number = 1
        while true {
            let journal = FaultyJournal()
            let isLive = ending == .cleanUpLive || ending == .resumeLive
            let move = try MigrationFleet(
                running: ending != .resumeStopped, type: isLive ? "qemu" : "test", size: 256 << 10, journal: journal)
            let request = move.request(isLive ? .live : .cold) { $0.migration.native = isLive }
            journal.die(after: number) { for host in move.fleet.hosts { host.faults.die() } }
            let id = OperationID()
            _ = try? await move.move(request, id: id)
            let writes = journal.writes
            for host in move.fleet.hosts {
                host.killAgent()
                host.faults.clear()
                // Another one answers once the old one is gone.
                while (try? await host.ask(Hello())) == nil || host.isAgentEnding {
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            let running = move.whereabouts.filter { $0.hasSuffix("running") }
            #expect(running.count < 2, "write \(number): \(running)")
            journal.die(after: .max) {}
            if var status = try await journal.operation(id), !status.state.isFinal {
                status.state = .interrupted
                await journal.memory.update(status)
                if ending != .cleanUp, ending != .cleanUpLive {
                    let result = try await move.fleet.coordinator.resume(id, stop: StopSignal()) { _ in }
                    #expect(result.exitCode == .ok, "write \(number): \(result)")
                    #expect(move.state(on: move.source) == nil && move.state(on: move.target) != nil, "write \(number)")
                }
            }
            try await Self.check(move, id, "write \(number)", mayBeOff: true, wasOff: ending == .resumeStopped)
            if writes < number { break }
            number += 1
        }
        #expect(number > 10)
    }

    /// `mayBeOff`: once it belongs to its new host a clean-up doesn't start it.
    private static func check(
        _ move: MigrationFleet, _ id: OperationID, _ what: String, mayBeOff: Bool = false, wasOff: Bool = false
    ) async throws {
        for host in move.fleet.hosts { host.faults.clear() }
        if try await !move.fleet.journal.openSteps(of: id).isEmpty {
            let reports = try await move.fleet.recovery.cleanUp([id])
            let isClean = reports.allSatisfy(\.isClean)
            #expect(isClean, "\(what): \(reports)")
        }
        let there = move.whereabouts
        var allowed = [["source running"], ["target1 running"]]
        if mayBeOff { allowed.append(["target1 stopped"]) }
        if wasOff { allowed.append(["source stopped"]) }
        #expect(allowed.contains(there), "\(what): \(there)")
        let left = try await move.left(by: id)
        #expect(left == [], "\(what): \(left)")
        await move.fleet.close()
    }
}
