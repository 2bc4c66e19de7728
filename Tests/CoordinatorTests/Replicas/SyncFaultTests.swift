import AgentProtocol
import Model
import Simulation
import Testing

@testable import Coordinator

/// Each single call of a sync fails once. Then the replica is of the new generation, whole, or as it was before.
@Suite("Faults while syncing") struct SyncFaultTests {
    struct Setting: Sendable, CustomTestStringConvertible {
        var isFirst: Bool
        var failsOnSource: Bool
        var moment: FaultPlan.Moment
        var resumes: Bool
        var testDescription: String {
            "\(failsOnSource ? "source" : "target") call fails \(moment), \(isFirst ? "first" : "next") sync, then "
                + (resumes ? "resume" : "clean-up")
        }
    }

    static let settings = [false, true].flatMap { isFirst in
        [false, true].flatMap { source in
            FaultPlan.Moment.allCases.flatMap { moment in
                // Of changes nothing is kept that could be gone on with.
                (isFirst ? [false, true] : [false]).map {
                    Setting(isFirst: isFirst, failsOnSource: source, moment: moment, resumes: $0)
                }
            }
        }
    }

    @Test("Whichever call of a host fails, the replica is of one generation or the other", arguments: settings)
    func everyCall(_ setting: Setting) async throws {
        var number = 1
        while true {
            let sync = try SyncFleet([DiskRecipe(size: 256 << 10)])
            if !setting.isFirst {
                try await sync.sync()
                try sync.write(3, at: 192 << 10)
            }
            let host = setting.failsOnSource ? sync.fleet.source : sync.fleet.targets[0]
            let before = host.faults.calls.count
            host.faults.fail(.number(before + number), setting.moment)
            let failed = try await Self.check(sync, setting, "call \(number)")
            let calls = host.faults.calls.count - before
            await sync.fleet.close()
            // The fault was beyond the last call: all of them have had their turn.
            if calls < number {
                #expect(!failed)
                break
            }
            number += 1
        }
        #expect(number > 10)
    }

    private static func check(_ sync: SyncFleet, _ setting: Setting, _ what: String) async throws -> Bool {
        let target = sync.fleet.targets[0]
        let before = try target.snapshot()
        let old = setting.isFirst ? nil : 1
        let id = OperationID()
        let outcome: TargetOutcome
        do throws(KVMCloneError) {
            outcome = try await sync.sync(id: id).targets[0]
        } catch {
            #expect(try target.snapshot() == before, "\(what): \(error)")
            return true
        }
        for host in sync.fleet.hosts { host.faults.clear() }
        if outcome.kept == nil, outcome.error == nil {
            #expect(try await sync.record()?.generation == (old ?? 0) + 1, "\(what)")
        } else if outcome.kept == nil, try await sync.fleet.journal.openSteps(of: id).isEmpty {
            #expect(try target.snapshot() == before, "\(what): \(outcome)")
        }
        let isOpen = try await !sync.fleet.journal.openSteps(of: id).isEmpty
        if outcome.kept != nil, setting.resumes {
            let result = try await sync.fleet.coordinator.resume(id, stop: StopSignal()) { _ in }
            #expect(result.targets.map(\.error) == [nil], "\(what)")
            #expect(try await sync.record()?.generation == (old ?? 0) + 1, "\(what)")
        } else if isOpen {
            #expect(try await sync.fleet.recovery.cleanUp([id]).allSatisfy(\.isClean), "\(what)")
        }
        if try await sync.record()?.generation == old {
            #expect(try target.snapshot() == before, "\(what)")
        } else {
            #expect(try await sync.defects() == [], "\(what)")
        }
        let left = try await sync.left(by: id)
        #expect(left == [], "\(what): \(left)")
        return outcome.error != nil || isOpen
    }
}
