import AgentProtocol
import Coordinator
import Foundation
import Model
import Simulation
import Synchronization
import Testing

/// Copies that are interrupted and gone on with.
@Suite(.serialized) struct ResumeTests {
    private static let size = 96 << 20

    private static func fleet(targets: Int = 1, format: String = "raw") throws -> FakeFleet {
        var disk = DiskRecipe(format: format, size: size)
        disk.isDense = true
        return try FakeFleet(targets: targets, machine: MachineRecipe(disks: [disk]))
    }

    /// Slow enough to be stopped in the middle.
    private static var slow: CloneOptions {
        var options = CloneOptions()
        options.bandwidthLimit = Timetable(bytesPerSecond: 20 << 20)
        options.compression = .off
        return options
    }

    /// Runs until some of the data has come, and then does something to the fleet.
    private static func interrupt(
        _ fleet: FakeFleet, _ id: OperationID, at share: Double = 0.5, stop: StopSignal = StopSignal(),
        _ act: @escaping @Sendable () -> Void
    ) async throws -> OperationResult {
        let hasActed = Mutex(false)
        return try await fleet.run(slow, id: id, stop: stop) { event in
            guard case .progress(let snapshot) = event,
                snapshot.targets.contains(where: { Double($0.data ?? 0) > Double(size) * share })
            else { return }
            let isFirst = hasActed.withLock { acted in
                defer { acted = true }
                return !acted
            }
            if isFirst { act() }
        }
    }

    @Test(
        "Stopped once, a copy keeps what it has: code 75, and another run sends only the rest", .timeLimit(.minutes(5)))
    func stopAndGoOn() async throws {
        let fleet = try Self.fleet()
        let id = OperationID()
        let stop = StopSignal()
        let result = try await Self.interrupt(fleet, id, stop: stop) { stop.stop(.cancelled("stopped", .keep), .keep) }
        #expect(result.state == .interrupted)
        #expect(result.exitCode == .tryAgain)
        let kept = try #require(result.targets[0].kept)
        #expect(kept >= 32 << 20)
        #expect(result.targets[0].error?.whatToDo?.contains("kvm-clone op resume \(id)") == true)
        #expect(try fleet.targets[0].snapshot().domains.isEmpty)
        let details = Mutex<[String]>([])
        let finished = try await fleet.finish(id) { event in
            if case .phase(_, _, let detail?) = event { details.withLock { $0.append(detail) } }
        }
        #expect(finished.state == .completed)
        #expect(finished.targets[0].verified)
        #expect(finished.targets[0].wireBytes < UInt64(Self.size) - kept + 1 << 20)
        #expect(details.withLock { $0 }.contains { $0.hasSuffix("are there already") })
        await fleet.close()
    }

    @Test("Stopped twice, a copy is undone", .timeLimit(.minutes(5)))
    func stopTwice() async throws {
        let fleet = try Self.fleet()
        let id = OperationID()
        let stop = StopSignal()
        // The second time comes while what was copied is made durable.
        fleet.targets[0].faults.act(.name(Suspend.name), .after) { () throws(KVMCloneError) in
            stop.stop(.cancelled("stopped", .undo), .undo)
        }
        let result = try await Self.interrupt(fleet, id, stop: stop) { stop.stop(.cancelled("stopped", .keep), .keep) }
        #expect(result.state == .cancelled)
        #expect(result.exitCode == .interrupted)
        #expect(try fleet.targets[0].snapshot() == HostSnapshot(files: [:], domains: [:]))
        #expect(try await fleet.heldThings(by: id) == [])
        #expect(try await fleet.journal.openSteps(of: id) == [])
        await fleet.close()
    }

    enum Victim: String, CaseIterable, Sendable { case source, target, everybody }

    @Test(
        "Whoever dies in the middle, another run makes the copy complete and sends only what is not there",
        .timeLimit(.minutes(5)), arguments: Victim.allCases, ["raw", "qcow2"])
    func death(of victim: Victim, format: String) async throws {
        let fleet = try Self.fleet(format: format)
        let id = OperationID()
        let result = try await Self.interrupt(fleet, id) {
            if victim != .target { fleet.source.killAgent() }
            if victim != .source { fleet.targets[0].killAgent() }
        }
        #expect(result.state == .interrupted)
        let finished = try await fleet.finish(id)
        #expect(finished.targets[0].verified)
        #expect(finished.targets[0].wireBytes < UInt64(Self.size) * 3 / 4)
        #expect(try await fleet.heldThings(by: id) == [])
        await fleet.close()
    }

    @Test(
        "A target whose copy was removed since an earlier run gets another one, and that is said",
        .timeLimit(.minutes(5)))
    func removedMeanwhile() async throws {
        let fleet = try FakeFleet(targets: 2)
        let (first, second) = (fleet.targets[0], fleet.targets[1])
        second.faults.fail(.name("receive.run"), .before)
        let id = OperationID()
        let result = try await fleet.run(id: id)
        #expect(result.targets.map { $0.error == nil } == [true, false])
        // Somebody removes it: definition and disks.
        first.changeLibvirt { $0.domains = [] }
        for name in try FileManager.default.contentsOfDirectory(atPath: first.pool) {
            try FileManager.default.removeItem(atPath: first.pool + "/" + name)
        }
        let events = EventLog()
        let again = try await fleet.finish(id) { events.note($0) }
        #expect(again.targets.allSatisfy { $0.error == nil && $0.verified }, "\(again.targets)")
        #expect(events.warnings.contains { $0.contains("is gone; it gets another one") }, "\(events.warnings)")
        await fleet.close()
    }

    @Test("A target that has its copy is left alone; the others get what they lack", .timeLimit(.minutes(5)))
    func someHaveFinished() async throws {
        let fleet = try Self.fleet(targets: 3)
        let id = OperationID()
        fleet.targets[1].faults.act(.name(ReadBack.name), .before) { () throws(KVMCloneError) in
            throw FaultPlan.error
        }
        let result = try await Self.interrupt(fleet, id) { fleet.targets[2].killAgent() }
        #expect(result.state == .interrupted)
        #expect(result.exitCode == .partFailed)
        #expect(result.targets[0].error == nil)
        #expect(result.targets[1].kept == UInt64(Self.size))
        let before = fleet.targets[0].faults.calls.count
        let finished = try await fleet.finish(id)
        // It is only looked whether the copy still is there.
        #expect(fleet.targets[0].faults.calls.dropFirst(before) == ["domain"])
        #expect(finished.targets[0].warnings.contains { $0.hasPrefix("it has its copy from an earlier run") })
        #expect(finished.targets[1].wireBytes == 0)
        #expect(finished.targets[2].wireBytes < UInt64(Self.size) * 3 / 4)
        await fleet.close()
    }

    @Test("A source that has changed since is copied from its beginning, and that is said", .timeLimit(.minutes(5)))
    func changedSource() async throws {
        let fleet = try Self.fleet()
        let id = OperationID()
        let stop = StopSignal()
        _ = try await Self.interrupt(fleet, id, stop: stop) { stop.stop(.cancelled("stopped", .keep), .keep) }
        let path = fleet.source.pool + "/" + fleet.machine.disks[0].fileName(machine: fleet.machine.name)
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.write(contentsOf: Data("another guest".utf8))
        try file.close()
        let warnings = Mutex<[String]>([])
        let finished = try await fleet.finish(id) { event in
            if case .warning(_, let message) = event { warnings.withLock { $0.append(message) } }
        }
        #expect(finished.targets[0].wireBytes > UInt64(Self.size))
        #expect(warnings.withLock { $0 }.contains { $0.hasPrefix("vda is copied from its beginning: ") })
        await fleet.close()
    }

    @Test("A later run of the same operation fences off the earlier one", .timeLimit(.minutes(5)))
    func fenced() async throws {
        let fleet = try Self.fleet()
        let id = OperationID()
        let stop = StopSignal()
        _ = try await Self.interrupt(fleet, id, stop: stop) { stop.stop(.cancelled("stopped", .keep), .keep) }
        // Two who go on at once: one of them works, the other one leaves.
        let answers = await withTaskGroup(of: Result<OperationResult, KVMCloneError>.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    do throws(KVMCloneError) {
                        return .success(try await fleet.coordinator.resume(id, stop: StopSignal()) { _ in })
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let errors = answers.compactMap { if case .failure(let error) = $0 { error } else { nil } }
        #expect(errors.count == 1)
        #expect(errors.first?.exitCode == .tryAgain || errors.first?.code == .validation)
        #expect(try fleet.defects(of: fleet.targets[0]) == [])
        await fleet.close()
    }

    @Test("What was to make another copy can't be gone on with")
    func otherOptions() async throws {
        let fleet = try Self.fleet()
        let id = OperationID()
        let stop = StopSignal()
        _ = try await Self.interrupt(fleet, id, at: 0.2, stop: stop) { stop.stop(.cancelled("stopped", .keep), .keep) }
        var other = Self.slow
        other.flatten = true
        let error = await #expect(throws: KVMCloneError.self) {
            _ = try await fleet.coordinator.resume(id, options: other, stop: StopSignal()) { _ in }
        }
        #expect(error?.code == .validation)
        #expect(try await fleet.journal.operation(id)?.state == .interrupted)
        await fleet.close()
    }

    @Test("A backing chain whose overlay was told its base's new name already is gone on with", .timeLimit(.minutes(5)))
    func rebasedChain() async throws {
        let fleet = try FakeFleet(machine: MachineRecipe(disks: [DiskRecipe(format: "qcow2", size: 4 << 20)]))
        let top = fleet.source.pool + "/" + fleet.machine.disks[0].fileName(machine: fleet.machine.name)
        let base = fleet.source.pool + "/base.qcow2"
        try FileManager.default.moveItem(atPath: top, toPath: base)
        try Tool.run("qemu-img", ["create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", top])
        try Tool.run("qemu-io", ["-c", "write -P 7 65536 65536", top])
        let id = OperationID()
        fleet.targets[0].faults.fail(.name("define"), .before)
        let result = try await fleet.run(id: id)
        #expect(result.state == .interrupted)
        let finished = try await fleet.coordinator.resume(id, stop: StopSignal()) { _ in }
        #expect(finished.targets.map(\.error) == [nil])
        #expect(finished.targets[0].verified)
        let copy = fleet.targets[0].pool + "/" + fleet.machine.disks[0].fileName(machine: fleet.machine.name)
        let comparison = try Tool.run("qemu-img", ["compare", top, copy])
        #expect(comparison.contains("identical"))
        #expect(try await fleet.heldThings(by: id) == [])
        await fleet.close()
    }

    @Test("What was set aside for a copy that can't be used any more is back before the next one is made")
    func replacedIsBack() async throws {
        let fleet = try FakeFleet()
        let target = fleet.targets[0]
        var old = fleet.machine
        old.uuid = "6a1e1c1e-0000-4000-8000-0000000000ff"
        old.disks = [DiskRecipe(size: 128 << 10, seed: 99)]
        try target.add(old)
        let before = try target.snapshot()
        var options = CloneOptions()
        options.force = true
        let id = OperationID()
        target.faults.act(.name(Publish.name), .after) { () throws(KVMCloneError) in
            target.killAgent()
            throw FaultPlan.error
        }
        #expect(try await fleet.run(options, id: id).state == .interrupted)
        let disk = fleet.machine.disks[0].fileName(machine: fleet.machine.name)
        #expect(try target.snapshot().files[disk] != before.files[disk])
        let file = try #require(FileHandle(forWritingAtPath: fleet.source.pool + "/" + disk))
        try file.write(contentsOf: Data("another guest".utf8))
        try file.close()
        target.faults.clear()
        target.faults.fail(.name(Receive.name), .before)
        let again = try await fleet.coordinator.resume(id, stop: StopSignal()) { _ in }
        #expect(again.state == .interrupted)
        #expect(try target.snapshot().files[disk] == before.files[disk])
        #expect(try target.snapshot().domains == before.domains)
        try await fleet.finish(id)
        await fleet.close()
    }

    @Test("A resumed operation of the same process keeps to the budgets")
    func budgets() async throws {
        let budgets = Budgets(fleet: nil)
        let id = OperationID()
        let flow = Flow(operation: id, job: HexBytes([1]), parent: "source", child: "target1")
        let limit = OperationLimit(Timetable(bytesPerSecond: 1 << 20), whole: flow)
        await budgets.begin(id)
        await budgets.end(id)
        await budgets.set([flow: 1], of: id, limit: limit) { _ in }
        #expect(await budgets.rate(of: flow) == nil)
        await budgets.begin(id)
        await budgets.set([flow: 1], of: id, limit: limit) { _ in }
        #expect(await budgets.rate(of: flow) == 1 << 20)
    }

    @Test("Claims that the earlier run's agent has not given back yet are waited for", .timeLimit(.minutes(5)))
    func claimedStill() async throws {
        let fleet = try Self.fleet()
        let id = OperationID()
        let stop = StopSignal()
        _ = try await Self.interrupt(fleet, id, at: 0.2, stop: stop) { stop.stop(.cancelled("stopped", .keep), .keep) }
        // As an agent does that still flushes what it has.
        let name = Claim.Subject.target(name: fleet.machine.name)
        _ = try await fleet.targets[0].ask(Claim(name, operation: id.description, fence: 2))
        let releasing = Task {
            try await Task.sleep(for: .milliseconds(700))
            _ = try await fleet.targets[0].ask(
                ReleaseClaims(operation: id.description, fence: 1, keepsRecords: true))
        }
        try await fleet.finish(id)
        try await releasing.value
        await fleet.close()
    }

    @Test("Stopped while another run is planned, an operation stays as it is: code 75", .timeLimit(.minutes(5)))
    func stopPlanning() async throws {
        let fleet = try Self.fleet()
        let id = OperationID()
        let first = StopSignal()
        _ = try await Self.interrupt(fleet, id, at: 0.2, stop: first) {
            first.stop(.cancelled("stopped", .keep), .keep)
        }
        let second = StopSignal()
        second.stop(.cancelled("stopped", .keep), .keep)
        let error = await #expect(throws: KVMCloneError.self) {
            _ = try await fleet.coordinator.resume(id, stop: second) { _ in }
        }
        #expect(error?.exitCode == .tryAgain)
        #expect(error?.whatToDo?.contains("kvm-clone op resume \(id)") == true)
        #expect(try await fleet.journal.operation(id)?.state == .interrupted)
        try await fleet.finish(id)
        await fleet.close()
    }

    @Test("An interrupted operation that is cleaned up leaves nothing, and can't be gone on with")
    func cleanUp() async throws {
        let fleet = try Self.fleet()
        let id = OperationID()
        let stop = StopSignal()
        _ = try await Self.interrupt(fleet, id, at: 0.2, stop: stop) { stop.stop(.cancelled("stopped", .keep), .keep) }
        #expect(try await fleet.recovery.cleanUp([id]).allSatisfy(\.isClean))
        #expect(try fleet.targets[0].snapshot() == HostSnapshot(files: [:], domains: [:]))
        #expect(try await fleet.heldThings(by: id) == [])
        await #expect(throws: KVMCloneError.self) { try await fleet.finish(id) }
        await fleet.close()
    }
}
