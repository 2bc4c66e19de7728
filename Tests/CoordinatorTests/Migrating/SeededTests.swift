import AgentProtocol
import DomainXML
import Foundation
import Model
import Simulation
import Synchronization
import Testing

@testable import Coordinator

@Suite("Moving VMs whose disks are copied first", .serialized)
struct SeededTests {
    private static func fleet(
        size: Int = 4 << 20, isDense: Bool = false, journal: any Journal = MemoryJournal()
    ) throws -> MigrationFleet {
        let move = try MigrationFleet(
            running: true, type: "qemu", size: size, isDense: isDense, journal: journal)
        // The guest goes on writing: to its disk, or to whatever lies on top of that.
        move.source.faults.act(.name("overlays.add"), .after) { () throws(KVMCloneError) in
            try move.guestWrites(0x5a, at: 64 << 10, on: move.source)
        }
        return move
    }

    private static func request(
        _ move: MigrationFleet, _ change: (inout CloneOptions) -> Void = { _ in }
    ) -> CloneRequest {
        move.request(.seeded) { options in
            options.migration.native = true
            change(&options)
        }
    }

    @Test("it goes on with overlays, which move live; both are merged, and what is left behind is a replica")
    func moves() async throws {
        let move = try Self.fleet()
        move.source.changeLibvirt { $0.autostarted = [move.uuid] }
        let definition = try move.source.snapshot().domains["web01"]
        let id = OperationID()
        let result = try await move.move(Self.request(move), id: id)
        #expect(result.exitCode == .ok && result.targets[0].warnings == [], "\(result)")
        #expect(move.whereabouts == ["target1 running"])
        let defects = try await move.defects(movedTo: move.target, by: id)
        #expect(defects == [])
        #expect(try move.byte(at: 64 << 10, on: move.target) == 0x5a)
        #expect(try move.byte(at: 64 << 10, on: move.source) == 0x5a)
        for host in [move.source, move.target] {
            #expect(try host.snapshot().files.keys.filter { $0.hasSuffix(".qcow2") } == ["web01-vda.qcow2"])
        }
        let there = try DomainDescription(parsing: try #require(try move.target.snapshot().domains["web01"]))
        let here = try DomainDescription(parsing: try #require(definition))
        #expect(there.disks.map(\.image.source.path) == [move.disk(on: move.target)])
        #expect(there.disks.map(\.image.format) == here.disks.map(\.image.format))
        let attachments = try await move.target.attachments(ofDomain: move.uuid)
        #expect(attachments.startsWithHost)
        await move.fleet.close()
    }

    @Test("a replica that is there gets only what has changed since")
    func replica() async throws {
        let move = try Self.fleet(size: 32 << 20)
        var sync = move.request()
        sync.kind = .sync
        try await move.move(sync)
        let id = OperationID()
        let result = try await move.move(Self.request(move), id: id)
        #expect(result.exitCode == .ok, "\(result)")
        #expect(result.targets[0].logicalBytes < 4 << 20)
        let defects = try await move.defects(movedTo: move.target, by: id)
        #expect(defects == [])
        await move.fleet.close()
    }

    @Test(
        "interrupted while it is copied it runs on, and another run sends only the rest", .timeLimit(.minutes(5)))
    func goesOn() async throws {
        let size = 64 << 20
        let move = try Self.fleet(size: size, isDense: true)
        let (id, stop) = (OperationID(), StopSignal())
        let hasStopped = Mutex(false)
        let slow = Self.request(move) { options in
            options.bandwidthLimit = Timetable(bytesPerSecond: 10 << 20)
            options.compression = .off
        }
        let result = try await move.move(slow, id: id, stop: stop) { event in
            guard case .progress(let snapshot) = event,
                snapshot.targets.contains(where: { ($0.data ?? 0) > UInt64(size / 4) })
            else { return }
            let isFirst = hasStopped.withLock { stopped in
                defer { stopped = true }
                return !stopped
            }
            if isFirst { stop.stop(.cancelled("stopped", .keep), .keep) }
        }
        #expect(result.state == .interrupted && result.exitCode == .tryAgain, "\(result)")
        let kept = try #require(result.targets[0].kept)
        #expect(kept > 0)
        #expect(result.targets[0].error?.whatToDo?.contains("kvm-clone op resume \(id)") == true)
        #expect(result.targets[0].warnings.contains { $0.contains("overlays") })
        #expect(move.whereabouts == ["source running"])
        try move.guestWrites(0x77, at: 1 << 20, on: move.source)
        let finished = try await move.fleet.coordinator.resume(id, stop: StopSignal()) { _ in }
        #expect(finished.exitCode == .ok, "\(finished)")
        #expect(finished.targets[0].wireBytes < UInt64(size) - kept + 4 << 20)
        #expect(move.whereabouts == ["target1 running"])
        #expect(try move.byte(at: 1 << 20, on: move.target) == 0x77)
        let defects = try await move.defects(movedTo: move.target, by: id)
        #expect(defects == [])
        await move.fleet.close()
    }

    enum Doing: CaseIterable { case runs, isShutOff, isStartedAgain }

    @Test(
        "given up while it is copied its disks are as they were, with what the guest wrote since, whatever it does",
        arguments: Doing.allCases)
    func givenUp(_ doing: Doing) async throws {
        let move = try Self.fleet()
        let before = try move.source.snapshot().domains
        move.target.faults.act(.name(OpenReceive.name), .before) { () throws(KVMCloneError) in
            throw KVMCloneError(.diskSpace, "no room")
        }
        move.source.faults.act(.name(OpenSend.name), .before) { () throws(KVMCloneError) in
            guard doing != .runs else { return }
            move.source.changeLibvirt { libvirt in
                libvirt.domains[0].state = .stopped
                libvirt.domains[0].checkpoints = ["mine"]
            }
        }
        if doing == .isStartedAgain {
            // Between the two steps of the merging of what is shut off.
            move.source.faults.act(.name(MergeReplica.name), .after) { () throws(KVMCloneError) in
                move.source.changeLibvirt { $0.domains[0].state = .running }
                throw FaultPlan.error
            }
        }
        let id = OperationID()
        let result = try await move.move(Self.request(move), id: id)
        #expect(result.state == .failed)
        if try await !move.fleet.journal.openSteps(of: id).isEmpty {
            #expect(doing == .isStartedAgain)
            let reports = try await move.fleet.recovery.cleanUp([id])
            let isClean = reports.allSatisfy(\.isClean)
            #expect(isClean, "\(reports)")
        }
        #expect(move.whereabouts == [doing == .isShutOff ? "source stopped" : "source running"])
        let after = try move.source.snapshot()
        #expect(
            try DomainDescription(parsing: try #require(after.domains["web01"])).disks.map(\.image)
                == DomainDescription(parsing: try #require(before["web01"])).disks.map(\.image))
        #expect(try move.byte(at: 64 << 10, on: move.source) == 0x5a)
        #expect(after.files.keys.sorted() == ["web01-vda.qcow2"])
        #expect(try move.target.snapshot().files.isEmpty)
        if doing == .isShutOff {
            // Its bitmap has missed what was written to the overlay.
            move.source.changeLibvirt { libvirt in
                let checkpoints = libvirt.domains[0].checkpoints
                #expect(checkpoints == [])
            }
        }
        #expect(try await move.left(by: id) == [])
        await move.fleet.close()
    }

    @Test("an overlay that its VM was taken off by hand isn't removed while it has data that may be nowhere else")
    func takenOff() async throws {
        let move = try Self.fleet()
        let before = try #require(try move.source.snapshot().domains["web01"])
        move.target.faults.act(.name(OpenReceive.name), .before) { () throws(KVMCloneError) in
            throw KVMCloneError(.diskSpace, "no room")
        }
        move.source.faults.act(.name(OpenSend.name), .before) { () throws(KVMCloneError) in
            move.source.changeLibvirt { libvirt in
                libvirt.domains[0].state = .stopped
                libvirt.domains[0].inactiveXML = before
            }
        }
        let id = OperationID()
        let result = try await move.move(Self.request(move), id: id)
        #expect(result.state == .failed)
        let overlay = "web01-vda.kvm-clone-\(id).qcow2"
        let reports = try await move.fleet.recovery.cleanUp([id])
        let told = reports.flatMap(\.entries).compactMap(\.error).map { "\($0)" }.joined()
        #expect(told.contains("\(overlay) has data that may be nowhere else"), "\(told)")
        #expect(try move.source.snapshot().files[overlay] != nil)
        // Somebody has looked after it.
        try Tool.run("rm", [move.source.pool + "/" + overlay])
        let isClean = try await move.fleet.recovery.cleanUp([id]).allSatisfy(\.isClean)
        #expect(isClean)
        #expect(try await move.left(by: id) == [])
        await move.fleet.close()
    }

    @Test(
        "Whichever call of a host fails, it runs on exactly one host, and nothing that it wrote is lost",
        arguments: [true, false], FaultPlan.Moment.allCases)
    func everyCall(onSource: Bool, _ moment: FaultPlan.Moment) async throws {
        var number = 1
        while true {
            let move = try Self.fleet(size: 256 << 10)
            let host = onSource ? move.source : move.target
            host.faults.fail(.number(number), moment)
            let id = OperationID()
            do throws(KVMCloneError) { try await move.move(Self.request(move), id: id) } catch {
                #expect(move.whereabouts == ["source running"], "call \(number): \(error)")
            }
            let calls = host.faults.calls
            let name = calls.dropFirst(number - 1).first ?? ""
            try await Self.check(move, id, "call \(number), \(name)")
            if calls.count < number { break }
            number += 1
        }
        #expect(number > 20)
    }

    @Test(
        "Whenever the coordinator dies, it never runs twice, loses nothing, and a clean-up or another run ends it",
        arguments: [true, false])
    func everyWrite(resumes: Bool) async throws {
        var number = 1
        while true {
            let journal = FaultyJournal()
            let move = try Self.fleet(size: 256 << 10, journal: journal)
            journal.die(after: number) { for host in move.fleet.hosts { host.faults.die() } }
            let id = OperationID()
            _ = try? await move.move(Self.request(move), id: id)
            let writes = journal.writes
            for host in move.fleet.hosts {
                host.killAgent()
                host.faults.clear()
                while (try? await host.ask(Hello())) == nil || host.isAgentEnding {
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            let running = move.whereabouts.filter { $0.hasSuffix("running") }
            #expect(running.count == 1, "write \(number): \(running)")
            journal.die(after: .max) {}
            if var status = try await journal.operation(id), !status.state.isFinal {
                status.state = .interrupted
                await journal.memory.update(status)
                if resumes {
                    let result = try await move.fleet.coordinator.resume(id, stop: StopSignal()) { _ in }
                    #expect(result.exitCode == .ok, "write \(number): \(result)")
                    #expect(move.whereabouts == ["target1 running"], "write \(number)")
                }
            }
            try await Self.check(move, id, "write \(number)")
            if writes < number { break }
            number += 1
        }
        #expect(number > 15)
    }

    private static func check(
        _ move: MigrationFleet, _ id: OperationID, _ what: String
    ) async throws {
        for host in move.fleet.hosts { host.faults.clear() }
        if try await !move.fleet.journal.openSteps(of: id).isEmpty {
            let reports = try await move.fleet.recovery.cleanUp([id])
            let isClean = reports.allSatisfy(\.isClean)
            #expect(isClean, "\(what): \(reports)")
        }
        let there = move.whereabouts
        #expect(there == ["source running"] || there == ["target1 running"], "\(what): \(there)")
        let host = there == ["source running"] ? move.source : move.target
        if move.hasWritten {
            let byte = try move.byte(at: 64 << 10, on: host)
            #expect(byte == 0x5a, "\(what): \(byte)")
        }
        for host in move.fleet.hosts {
            for file in try host.snapshot().files.keys {
                #expect(file == "web01-vda.qcow2" || file.hasSuffix(ReplicaRecord.suffix), "\(what): \(file)")
            }
        }
        let left = try await move.left(by: id)
        #expect(left == [], "\(what): \(left)")
        await move.fleet.close()
    }

    static let refusals: [(String, @Sendable (MigrationFleet) -> Void, @Sendable (inout CloneOptions) -> Void)] = [
        ("a job of libvirt's", { move in move.source.changeLibvirt { $0.domains[0].isBusy = true } }, { _ in }),
        ("has to be verified", { _ in }, { $0.verify = false }),
        ("--force-off", { _ in }, { $0.migration.forcesOff = true }),
    ]

    @Test("what can't be seeded is refused before anything is touched", arguments: refusals.indices)
    func refused(_ place: Int) async throws {
        let (words, prepare, change) = Self.refusals[place]
        let move = try Self.fleet()
        prepare(move)
        let before = try move.source.snapshot()
        let plan = try await move.fleet.coordinator.plan(Self.request(move, change))
        let said = plan.findings.map(\.message).joined(separator: "\n")
        #expect(said.contains(words), "\(said)")
        await #expect(throws: KVMCloneError.self) { try await move.move(Self.request(move, change)) }
        #expect(try move.source.snapshot() == before)
        await move.fleet.close()
    }
}
