import AgentProtocol
import Coordinator
import Foundation
import Model
import Simulation
import Testing

/// Copies that are stopped or lose somebody in the middle.
@Suite struct InterruptionTests {
    @Test(
        "Cancelled in any phase, the target is complete or as before",
        arguments: [TargetPhase.preparing, .connecting, .copying, .verifying, .publishing])
    func cancel(in phase: TargetPhase) async throws {
        let fleet = try FakeFleet(targets: 2)
        let before = try fleet.targets.map { try $0.snapshot() }
        let id = OperationID()
        let stop = StopSignal()
        let result = try await fleet.run(id: id, stop: stop) { event in
            if case .phase("target1", phase, _) = event { stop.stop(KVMCloneError(.cancelled, "cancelled")) }
        }
        for (place, outcome) in result.targets.enumerated() {
            if let error = outcome.error {
                #expect(error.code == .cancelled)
                #expect(try fleet.targets[place].snapshot() == before[place])
            } else {
                #expect(try fleet.defects(of: fleet.targets[place]) == [])
            }
        }
        #expect(result.targets[0].error != nil)
        #expect(result.state == .cancelled)
        #expect(try await fleet.heldThings(by: id) == [])
        #expect(try await fleet.journal.openSteps(of: id) == [])
        await fleet.close()
    }

    @Test("Cancelled after the domain is defined, the copy stands and the old disk is gone")
    func cancelTooLate() async throws {
        let fleet = try FakeFleet()
        var old = fleet.machine
        old.uuid = "6a1e1c1e-0000-4000-8000-0000000000ff"
        try fleet.targets[0].add(old)
        let stop = StopSignal()
        fleet.targets[0].faults.act(.name("receive.settle"), .before) { () throws(KVMCloneError) in
            stop.stop(KVMCloneError(.cancelled, "cancelled"))
        }
        var options = CloneOptions()
        options.force = true
        let id = OperationID()
        let result = try await fleet.run(options, id: id, stop: stop)
        #expect(result.targets.first?.error == nil)
        #expect(result.targets.first?.warnings == [])
        #expect(try fleet.defects(of: fleet.targets[0]) == [])
        #expect(try await fleet.heldThings(by: id) == [])
        await fleet.close()
    }

    @Test("An agent that dies once the domain is defined: the warning says how to remove the old disk, and that does")
    func agentEndsTooLate() async throws {
        let fleet = try FakeFleet()
        let target = fleet.targets[0]
        var old = fleet.machine
        old.uuid = "6a1e1c1e-0000-4000-8000-0000000000ff"
        try target.add(old)
        target.faults.act(.name("receive.settle"), .before) { () throws(KVMCloneError) in target.killAgent() }
        var options = CloneOptions()
        options.force = true
        let id = OperationID()
        let result = try await fleet.run(options, id: id)
        #expect(result.targets.first?.error == nil)
        let warning = try #require(result.targets.first?.warnings.first)
        let left = "\(target.pool)/.kvm-clone-\(id)-replaced-web01-vda.img"
        #expect(FileManager.default.fileExists(atPath: left))
        #expect(warning.hasSuffix("kvm-clone op cleanup \(id)"))
        #expect(try await fleet.recovery.cleanUp([id]).allSatisfy(\.isClean))
        #expect(try fleet.defects(of: target) == [])
        #expect(try await fleet.heldThings(by: id) == [])
        await fleet.close()
    }

    @Test("A request to cancel in the journal stops the copy", .timeLimit(.minutes(5)))
    func cancelOnRequest() async throws {
        let fleet = try FakeFleet()
        let id = OperationID()
        fleet.targets[0].faults.act(.name("receive.readback"), .before) { () throws(KVMCloneError) in
            try await fleet.journal.requestStop(id, .undo)
            try await waitForCancellation()
        }
        let result = try await fleet.run(id: id)
        #expect(result.exitCode == .interrupted)
        #expect(try fleet.targets[0].snapshot() == HostSnapshot(files: [:], domains: [:]))
        await fleet.close()
    }

    @Test(
        "The source's agent ends: all targets fail with that cause, and another run makes them complete",
        .timeLimit(.minutes(5)),
        arguments: [OpenReceive.name, Receive.name, ReadBack.name])
    func sourceAgentEnds(at step: String) async throws {
        let fleet = try FakeFleet(targets: 2)
        fleet.targets[0].faults.act(.name(step), .before) { () throws(KVMCloneError) in fleet.source.killAgent() }
        let id = OperationID()
        let result = try await fleet.run(id: id)
        for (target, outcome) in zip(fleet.targets, result.targets) {
            if let error = outcome.error {
                // The source's word, and not the end that it brought to the target's job.
                #expect(error.code == .connection || error.code == .operationNotFound)
                if outcome.kept == nil { #expect(try target.snapshot() == HostSnapshot(files: [:], domains: [:])) }
            } else {
                // The source had sent everything before it went.
                #expect(step != OpenReceive.name)
                #expect(try fleet.defects(of: target) == [])
            }
        }
        if result.state == .interrupted { try await fleet.finish(id) }
        #expect(try await fleet.heldThings(by: id) == [])
        await fleet.close()
    }

    @Test(
        "One target's agent ends at a step: that target fails, the other finishes, and another run makes both complete",
        arguments: [
            OpenReceive.name, Listen.name, AwaitPeer.name, Receive.name, ReadBack.name, Publish.name,
        ], FaultPlan.Moment.allCases)
    func targetAgentEnds(at step: String, _ moment: FaultPlan.Moment) async throws {
        let fleet = try FakeFleet(targets: 2)
        let target = fleet.targets[0]
        target.faults.act(.name(step), moment) { () throws(KVMCloneError) in target.killAgent() }
        let id = OperationID()
        let result = try await fleet.run(id: id)
        #expect(result.targets[1].error == nil)
        #expect(try fleet.defects(of: fleet.targets[1]) == [])
        if let error = result.targets[0].error {
            #expect(result.exitCode == .partFailed)
            #expect(error.host != nil)
            if result.state == .interrupted {
                try await fleet.finish(id)
            } else {
                #expect(try target.snapshot() == HostSnapshot(files: [:], domains: [:]))
            }
            #expect(try await fleet.heldThings(by: id) == [])
        } else {
            // Another agent could take over: nothing had been made yet, or all was published.
            #expect((step == OpenReceive.name && moment == .before) || (step == Publish.name && moment == .after))
            #expect(try fleet.defects(of: target) == [])
        }
        await fleet.close()
    }

    @Test(
        "Nothing moves for longer than allowed: the copy fails with a time-out, and can be gone on with",
        .timeLimit(.minutes(5)))
    func stall() async throws {
        let fleet = try FakeFleet()
        fleet.targets[0].faults.act(.name("receive.readback"), .before) { () throws(KVMCloneError) in
            try await waitForCancellation()
        }
        var options = CloneOptions()
        options.stallTimeout = 1
        let id = OperationID()
        let result = try await fleet.run(options, id: id)
        #expect(result.targets.first?.error?.code == .timeout)
        #expect(result.exitCode == .timeout)
        fleet.targets[0].faults.clear()
        // On a machine that is busy the time may be over before anything has come.
        if result.targets.first?.kept != nil {
            #expect(result.state == .interrupted)
            try await fleet.finish(id)
        }
        await fleet.close()
    }

    @Test("A copy that isn't complete at its deadline fails, and can be cleaned up", .timeLimit(.minutes(5)))
    func deadline() async throws {
        let fleet = try FakeFleet()
        fleet.targets[0].faults.act(.name("receive.readback"), .before) { () throws(KVMCloneError) in
            try await waitForCancellation()
        }
        var options = CloneOptions()
        options.deadline = 1
        let id = OperationID()
        let result = try await fleet.run(options, id: id)
        #expect(result.targets.first?.error?.code == .timeout)
        #expect(result.targets.first?.error?.whatToDo?.contains("--deadline") == true)
        if result.state == .interrupted {
            #expect(try await fleet.recovery.cleanUp([id]).allSatisfy(\.isClean))
        }
        #expect(try fleet.targets[0].snapshot() == HostSnapshot(files: [:], domains: [:]))
        await fleet.close()
    }

    @Test("The VM is started while it is copied: the copy fails, says so, and nothing is left", .timeLimit(.minutes(5)))
    func start() async throws {
        let fleet = try FakeFleet(targets: 2)
        fleet.targets[0].faults.act(.name("receive.readback"), .before) { () throws(KVMCloneError) in
            while !fleet.source.isWatchedForStarts { await Task.yield() }
            fleet.source.startMachine("web01")
            try await waitForCancellation()
        }
        // The other one must not be done before that.
        fleet.targets[1].faults.act(.name("receive.readback"), .before) { () throws(KVMCloneError) in
            try await waitForCancellation()
        }
        let result = try await fleet.run()
        for (target, outcome) in zip(fleet.targets, result.targets) {
            #expect(outcome.error?.message.contains("was started while it was copied") == true)
            #expect(try target.snapshot() == HostSnapshot(files: [:], domains: [:]))
        }
        await fleet.close()
    }
}

/// Waits until the calling task is cancelled, and fails as a cancelled call does.
func waitForCancellation() async throws(KVMCloneError) {
    while !Task.isCancelled {
        // It ends early when the task is cancelled, which is what we wait for.
        try? await Task.sleep(for: .milliseconds(20))
    }
    throw KVMCloneError(.cancelled, "cancelled")
}
