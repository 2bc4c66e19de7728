import Model
import Simulation
import Testing

@testable import Coordinator

/// Hosts that neither answer nor break any connection.
@Suite("Silent hosts", .serialized)
struct SilenceTests {
    private static var patience: Pulse.Patience {
        var patience = Pulse.Patience()
        patience.pause = .milliseconds(20)
        patience.untilQuiet = .milliseconds(200)
        patience.untilLost = .seconds(4)
        return patience
    }

    private static var options: CloneOptions {
        var options = CloneOptions()
        options.fanOut = .chain
        return options
    }

    private func run(
        _ fleet: FakeFleet, id: OperationID = OperationID(), _ options: CloneOptions = Self.options,
        patience: Pulse.Patience = Self.patience,
        emit: @escaping @Sendable (OperationEvent) -> Void = { _ in }
    ) async throws -> OperationResult {
        try await fleet.coordinator(fleet: nil, patience: patience)
            .run(fleet.request(options), id: id, stop: StopSignal(), emit: emit)
    }

    @Test(
        "A host of a chain that hangs while it receives is given up; the others get everything, and it can go on later",
        .timeLimit(.minutes(5)), arguments: [0, 1, 2])
    func hangs(place: Int) async throws {
        let fleet = try FakeFleet(targets: 3)
        let silent = fleet.targets[place]
        silent.faults.act(.name("receive.run"), .before) { () throws(KVMCloneError) in silent.freeze() }
        let id = OperationID()
        let result = try await run(fleet, id: id)
        for (number, (target, outcome)) in zip(fleet.targets, result.targets).enumerated() {
            if number == place {
                let error = try #require(outcome.error)
                #expect(error.code == .connection && "\(error)".contains("has not answered"), "\(error)")
                #expect(error.host == target.name)
            } else {
                #expect(outcome.error == nil && outcome.verified, "\(outcome)")
                #expect(try fleet.defects(of: target) == [])
            }
        }
        silent.freeze(false)
        try await fleet.finish(id)
        #expect(try await fleet.heldThings(by: id) == [])
        await fleet.close()
    }

    @Test(
        "A host that comes back in time goes on where the others have left it, also when they have ended",
        .timeLimit(.minutes(5)), arguments: [0, 1200])
    func comesBack(milliseconds: Int) async throws {
        let fleet = try FakeFleet(targets: 3)
        let silent = fleet.targets[1]
        silent.faults.act(.name("receive.run"), .before) { () throws(KVMCloneError) in silent.freeze() }
        let events = EventLog()
        var patience = Self.patience
        patience.untilLost = .seconds(40)
        let result = try await run(fleet, patience: patience) { event in
            events.note(event)
            guard case .warning(silent.name, let text) = event, text.hasPrefix("does not answer") else { return }
            Task {
                try await Task.sleep(for: .milliseconds(milliseconds))
                silent.freeze(false)
            }
        }
        for (target, outcome) in zip(fleet.targets, result.targets) {
            #expect(outcome.error == nil && outcome.verified, "\(outcome)")
            #expect(try fleet.defects(of: target) == [])
        }
        let warnings = events.all.compactMap { if case .warning(silent.name, let text) = $0 { text } else { nil } }
        #expect(warnings.contains { $0.hasPrefix("does not answer") }, "\(warnings)")
        await fleet.close()
    }

    @Test("A source that hangs ends the copy; what the targets have is kept", .timeLimit(.minutes(5)))
    func source() async throws {
        let fleet = try FakeFleet(targets: 2)
        fleet.source.faults.act(.name("send.run"), .before) { () throws(KVMCloneError) in fleet.source.freeze() }
        let id = OperationID()
        let result = try await run(fleet, id: id)
        for outcome in result.targets {
            let error = try #require(outcome.error)
            #expect(error.host == "source" && "\(error)".contains("has not answered"), "\(error)")
        }
        #expect(result.state == .interrupted || result.state == .failed)
        fleet.source.freeze(false)
        await fleet.close()
    }

    @Test("Without trees a hung target fails by itself as well", .timeLimit(.minutes(5)))
    func star() async throws {
        let fleet = try FakeFleet(targets: 2)
        let silent = fleet.targets[0]
        silent.faults.act(.name("receive.run"), .before) { () throws(KVMCloneError) in silent.freeze() }
        var options = CloneOptions()
        options.fanOut = .star
        let result = try await run(fleet, options)
        #expect(result.targets[0].error?.code == .connection)
        #expect(result.targets[1].error == nil && result.targets[1].verified)
        #expect(try fleet.defects(of: fleet.targets[1]) == [])
        await fleet.close()
    }
}
