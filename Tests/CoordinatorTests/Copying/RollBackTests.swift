import AgentProtocol
import Coordinator
import Model
import Simulation
import Testing

/// Each single step fails once, before or after it has acted. Then either the copy stands, or nothing of it is left, or it is
/// interrupted: then another run makes it complete, and a clean-up leaves nothing.
@Suite struct RollBackTests {
    struct Setting: Sendable, CustomTestStringConvertible {
        var what: String
        /// An existing VM of the copy's name is replaced.
        var replaces: Bool
        /// An interrupted copy is gone on with; else it is cleaned up.
        var resumes: Bool
        var failsOnSource: Bool
        var moment: FaultPlan.Moment
        var testDescription: String { what }
    }

    static let settings = [false, true].flatMap { replaces in
        [false, true].flatMap { source in
            FaultPlan.Moment.allCases.flatMap { moment in
                [false, true].map { resumes in
                    Setting(
                        what: "\(source ? "source" : "target") call fails \(moment)\(replaces ? ", --force" : "")"
                            + ", then \(resumes ? "resume" : "clean-up")",
                        replaces: replaces, resumes: resumes, failsOnSource: source, moment: moment)
                }
            }
        }
    }

    @Test("Whichever call of a host fails, the target is complete or as before", arguments: settings)
    func everyCall(_ setting: Setting) async throws {
        var number = 1
        while true {
            let fleet = try Self.fleet(replaces: setting.replaces)
            let host = setting.failsOnSource ? fleet.source : fleet.targets[0]
            host.faults.fail(.number(number), setting.moment)
            let (failed, calls) = try await Self.check(
                fleet, replaces: setting.replaces, resumes: setting.resumes, "call \(number)", countingCallsOf: host)
            await fleet.close()
            // The fault was beyond the last call: all of them have had their turn.
            if calls < number {
                #expect(!failed)
                break
            }
            number += 1
        }
        #expect(number > 10)
    }

    @Test(
        "Whichever write of the journal fails, the targets are complete or as before", arguments: [false, true],
        [false, true])
    func everyWrite(replaces: Bool, resumes: Bool) async throws {
        var number = 1
        while true {
            let journal = FaultyJournal()
            journal.failingWrite = number
            let fleet = try Self.fleet(replaces: replaces, journal: journal)
            _ = try await Self.check(
                fleet, replaces: replaces, resumes: resumes, "write \(number)", countingCallsOf: fleet.source)
            await fleet.close()
            if journal.writes < number { break }
            number += 1
        }
        #expect(number > 8)
    }

    /// Runs a replication to two targets, of which the first may fail. Answers whether something failed, and how many
    /// calls the host has had until then.
    private static func check(
        _ fleet: FakeFleet, replaces: Bool, resumes: Bool, _ what: String, countingCallsOf host: FakeHost
    ) async throws -> (Bool, calls: Int) {
        let before = try fleet.targets.map { try $0.snapshot() }
        let id = OperationID()
        let events = EventLog()
        var options = CloneOptions()
        options.force = replaces
        let outcomes: [TargetOutcome]
        do throws(KVMCloneError) {
            outcomes = try await fleet.run(options, id: id) { events.note($0) }.targets
        } catch {
            // Nothing could begin.
            #expect(try fleet.targets.map { try $0.snapshot() } == before, "\(what): \(error)")
            #expect(try await fleet.heldThings(by: id) == [], "\(what): \(error)")
            return (true, host.faults.calls.count)
        }
        let calls = host.faults.calls.count
        #expect(outcomes.count == fleet.targets.count)
        for (place, outcome) in outcomes.enumerated() {
            let target = fleet.targets[place]
            if outcome.kept != nil {
                continue
            } else if let error = outcome.error {
                #expect(try target.snapshot() == before[place], "\(what): \(error)")
            } else if outcome.warnings.isEmpty {
                #expect(try fleet.defects(of: target) == [], "\(what)")
            } else {
                // The copy stands; what was replaced may still lie beside it, and that is told.
                let defects = try fleet.defects(of: target).filter {
                    !$0.contains("-replaced-") && !$0.contains(".journal")
                }
                #expect(defects == [], "\(what)")
            }
        }
        if outcomes.contains(where: { $0.kept != nil }) {
            for host in fleet.hosts { host.faults.clear() }
            try await settle(fleet, id, before: before, outcomes, resumes: resumes, what)
            return (true, calls)
        }
        let isTold =
            outcomes.contains { !$0.warnings.isEmpty } || events.warnings.contains { $0.contains("could not undo") }
        // What couldn't be given back was told.
        if !isTold { #expect(try await fleet.heldThings(by: id) == [], "\(what)") }
        let open = try await fleet.journal.openSteps(of: id)
        if !isTold { #expect(open == [], "\(what)") }
        // A later clean-up does what is left to do.
        if !open.isEmpty {
            #expect(try await fleet.recovery.cleanUp().map(\.id) == [id], "\(what)")
            #expect(try await fleet.journal.openSteps(of: id) == [], "\(what)")
        }
        return (outcomes.contains { $0.error != nil } || isTold, calls)
    }

    /// Goes on with an interrupted operation, or cleans up after it.
    private static func settle(
        _ fleet: FakeFleet, _ id: OperationID, before: [HostSnapshot], _ outcomes: [TargetOutcome], resumes: Bool,
        _ what: String
    ) async throws {
        #expect(try await fleet.journal.operation(id)?.state == .interrupted, "\(what)")
        if resumes {
            let result = try await fleet.coordinator.resume(id, stop: StopSignal()) { _ in }
            #expect(result.targets.map(\.error) == [nil, nil], "\(what)")
            for target in fleet.targets { #expect(try fleet.defects(of: target) == [], "\(what)") }
        } else {
            #expect(try await fleet.recovery.cleanUp([id]).allSatisfy(\.isClean), "\(what)")
            for (place, outcome) in outcomes.enumerated() {
                let target = fleet.targets[place]
                if outcome.error == nil {
                    #expect(try fleet.defects(of: target) == [], "\(what)")
                } else {
                    #expect(try target.snapshot() == before[place], "\(what)")
                }
            }
        }
        #expect(try await fleet.heldThings(by: id) == [], "\(what)")
        #expect(try await fleet.journal.openSteps(of: id) == [], "\(what)")
    }

    private static func fleet(replaces: Bool, journal: any Journal = MemoryJournal()) throws -> FakeFleet {
        let machine = MachineRecipe(disks: [DiskRecipe(size: 256 << 10)])
        let fleet = try FakeFleet(targets: 2, machine: machine, journal: journal)
        guard replaces else { return fleet }
        var old = machine
        old.uuid = "6a1e1c1e-0000-4000-8000-0000000000ff"
        old.disks = [DiskRecipe(size: 128 << 10, seed: 99)]
        for target in fleet.targets { try target.add(old) }
        return fleet
    }
}
