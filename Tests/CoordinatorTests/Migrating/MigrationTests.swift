import DomainXML
import Model
import Simulation
import Synchronization
import Testing

@testable import Coordinator

/// Cold and warm migrations.
@Suite("Moving VMs", .serialized)
struct MigrationTests {
    @Test("a VM that is shut off moves cold: same uuid and MACs, its autostart comes along, it stays shut off")
    func cold() async throws {
        let move = try MigrationFleet(running: false)
        move.source.changeLibvirt { $0.autostarted = [move.uuid] }
        let before = try #require(try await move.source.domain(named: "web01"))
        let id = OperationID()
        let result = try await move.move(move.request(), id: id)
        #expect(result.exitCode == .ok && result.targets[0].verified, "\(result)")
        #expect(move.whereabouts == ["target1 stopped"])
        let defects = try await move.defects(movedTo: move.target, by: id)
        #expect(defects == [])
        let after = try #require(try await move.target.domain(named: "web01"))
        let (old, new) = (
            try DomainDescription(parsing: before.inactiveXML), try DomainDescription(parsing: after.inactiveXML)
        )
        #expect(old.uuid == new.uuid && old.interfaces.map(\.mac) == new.interfaces.map(\.mac))
        #expect(try await move.target.attachments(ofDomain: move.uuid).startsWithHost)
        await move.fleet.close()
    }

    @Test("the way back is a matter of what has changed")
    func back() async throws {
        let move = try MigrationFleet(running: false, size: 20 << 20)
        try await move.move(move.request())
        try move.write(7, at: 7 << 20, on: move.target)
        let id = OperationID()
        let result = try await move.move(move.request(back: true), id: id)
        #expect(result.exitCode == .ok && result.targets[0].logicalBytes == 65_536, "\(result)")
        #expect(move.whereabouts == ["source stopped"])
        let defects = try await move.defects(movedTo: move.source, by: id)
        #expect(defects == [])
        await move.fleet.close()
    }

    @Test("a VM that runs moves cold when that is asked for: it is shut down, copied and started")
    func coldRunning() async throws {
        let move = try MigrationFleet(running: true)
        let phases = Mutex<[TargetPhase]>([])
        let id = OperationID()
        let result = try await move.move(move.request(.cold), id: id) { event in
            if case .phase(_, let phase, _) = event { phases.withLock { $0.append(phase) } }
        }
        #expect(result.exitCode == .ok, "\(result)")
        #expect(move.whereabouts == ["target1 running"])
        let defects = try await move.defects(movedTo: move.target, by: id)
        #expect(defects == [])
        let seen = phases.withLock { $0 }
        #expect(seen.first == .shuttingDown && seen.suffix(2) == [.starting, .done], "\(seen)")
        await move.fleet.close()
    }

    @Test("a VM that runs moves warm: most is copied before it is shut down, and what it wrote meanwhile comes along")
    func warm() async throws {
        let move = try MigrationFleet(running: true, type: "qemu", size: 20 << 20)
        // The guest writes after the passes, before it is down.
        move.source.faults.act(.name("shutdown"), .before) { () throws(KVMCloneError) in
            do { try move.write(9, at: 9 << 20, on: move.source) } catch {
                throw KVMCloneError(.general, "\(error)")
            }
        }
        let id = OperationID()
        let order = Mutex<[String]>([])
        let result = try await move.move(move.request(.warm), id: id) { event in
            if case .phase(_, let phase, _) = event, [.copying, .syncing, .shuttingDown, .starting].contains(phase) {
                order.withLock { if $0.last != phase.rawValue { $0.append(phase.rawValue) } }
            }
        }
        #expect(result.exitCode == .ok, "\(result)")
        #expect(move.whereabouts == ["target1 running"])
        #expect(order.withLock { $0 } == ["copying", "syncing", "shutting_down", "syncing", "starting"])
        let defects = try await move.defects(movedTo: move.target, by: id)
        #expect(defects == [])
        await move.fleet.close()
    }

    @Test(
        "the last copy of a warm migration reads what bitmaps say was written; where they are broken it compares",
        arguments: [false, true])
    func bitmaps(isBroken: Bool) async throws {
        let move = try MigrationFleet(running: true, type: "qemu", size: 20 << 20)
        let id = OperationID()
        move.source.faults.act(.name("undefine"), .before) { () throws(KVMCloneError) in
            do {
                try move.write(9, at: 9 << 20, on: move.source)
                guard isBroken else { return }
                for name in try await move.source.domain(named: "web01")?.checkpoints ?? [] {
                    try Tool.run("qemu-img", ["bitmap", "--remove", move.disk(on: move.source), name])
                }
            } catch {
                throw KVMCloneError(.general, "\(error)")
            }
        }
        let result = try await move.move(move.request(.warm), id: id)
        #expect(result.exitCode == .ok && result.targets[0].warnings == [], "\(result)")
        #expect(move.whereabouts == ["target1 running"])
        let compared = move.fleet.hosts.map { $0.faults.calls.contains("compare.units") }
        #expect(compared == [isBroken, isBroken])
        let defects = try await move.defects(movedTo: move.target, by: id)
        #expect(defects == [])
        await move.fleet.close()
    }

    @Test("a guest that doesn't shut down in time stays where it is; with force-off it is switched off and moved")
    func deaf() async throws {
        let move = try MigrationFleet(running: true)
        move.source.changeLibvirt { $0.deaf = [move.uuid] }
        let before = (try move.source.snapshot(), try move.target.snapshot())
        let id = OperationID()
        let result = try await move.move(move.request(.cold) { $0.migration.shutdownTimeout = 1 }, id: id)
        #expect(result.targets[0].error?.code == .timeout, "\(result)")
        #expect(move.whereabouts == ["source running"])
        #expect(try move.source.snapshot() == before.0)
        #expect(try move.target.snapshot() == before.1)
        #expect(try await move.left(by: id) == [])
        let forced = try await move.move(
            move.request(.cold) {
                $0.migration.shutdownTimeout = 1
                $0.migration.forcesOff = true
            })
        #expect(forced.exitCode == .ok)
        #expect(move.whereabouts == ["target1 running"])
        await move.fleet.close()
    }

    @Test("a VM that can't be started on its new host is started on the old one again")
    func notStarted() async throws {
        let move = try MigrationFleet(running: true)
        move.source.changeLibvirt { $0.autostarted = [move.uuid] }
        move.target.faults.act(.name("start"), .before) { () throws(KVMCloneError) in
            throw KVMCloneError(.libvirt, "no such machine type")
        }
        let before = try move.source.snapshot()
        let id = OperationID()
        let result = try await move.move(move.request(.cold), id: id)
        #expect(result.targets[0].error?.message.contains("can't be started there") == true, "\(result)")
        #expect(move.whereabouts == ["source running"])
        #expect(try move.source.snapshot() == before)
        #expect(try await move.source.attachments(ofDomain: move.uuid).startsWithHost)
        #expect(try await move.left(by: id) == [])
        // Its replica stays, and the next try sends nothing again.
        #expect(try await move.target.replica(named: "web01") != nil)
        let again = try await move.move(move.request(.cold))
        #expect(again.exitCode == .ok && again.targets[0].logicalBytes == 0)
        #expect(move.whereabouts == ["target1 running"])
        await move.fleet.close()
    }

    enum Knowledge: CaseIterable { case runs, doesNot }

    @Test(
        "where it isn't known whether it has started it says so, and neither side is started; the clean-up completes it",
        arguments: Knowledge.allCases)
    func unknown(_ knowledge: Knowledge) async throws {
        let move = try MigrationFleet(running: true)
        let target = move.target
        target.faults.act(.name("start"), knowledge == .runs ? .after : .before) { () throws(KVMCloneError) in
            target.faults.die()
            throw FaultPlan.error
        }
        let id = OperationID()
        var patience = Pulse.Patience()
        patience.untilLost = .seconds(2)
        let result = try await move.move(move.request(.cold), id: id, patience: patience)
        let error = try #require(result.targets[0].error)
        #expect(error.message.contains("not known") && error.exitCode == .tryAgain, "\(error)")
        #expect(move.state(on: move.source) == nil)
        // Nor does a clean-up start it while nobody knows.
        #expect(try await !move.fleet.recovery.cleanUp([id]).allSatisfy(\.isClean))
        #expect(move.state(on: move.source) == nil)
        target.faults.clear()
        #expect(try await move.fleet.recovery.cleanUp([id]).allSatisfy(\.isClean))
        #expect(move.whereabouts == [knowledge == .runs ? "target1 running" : "target1 stopped"])
        let defects = try await move.defects(movedTo: target, by: id)
        #expect(defects == [])
        await move.fleet.close()
    }

    @Test("a clean-up starts it where it was though its new host is gone, so long as it was never defined there")
    func targetGone() async throws {
        let journal = FaultyJournal()
        let move = try MigrationFleet(running: true, journal: journal)
        let (source, target) = (move.source, move.target)
        // The coordinator dies while the last copy runs, and the new host with it.
        target.faults.act(.name("receive.run"), .before) { () throws(KVMCloneError) in
            for host in [source, target] { host.faults.die() }
            throw FaultPlan.error
        }
        let id = OperationID()
        _ = try? await move.move(move.request(.cold), id: id)
        #expect(move.whereabouts == [])
        source.faults.clear()
        let isClean = try await move.fleet.recovery.cleanUp([id]).allSatisfy(\.isClean)
        #expect(!isClean)
        #expect(move.whereabouts == ["source running"])
        target.faults.clear()
        let isCleanNow = try await move.fleet.recovery.cleanUp([id]).allSatisfy(\.isClean)
        #expect(isCleanNow)
        #expect(try await move.left(by: id) == [])
        await move.fleet.close()
    }

    @Test("asked to stop by another process while the guest shuts down it runs on where it was")
    func cancelledElsewhere() async throws {
        let move = try MigrationFleet(running: true)
        move.source.changeLibvirt { $0.deaf = [move.uuid] }
        let id = OperationID()
        let journal = move.fleet.journal
        move.source.faults.act(.name("shutdown"), .after) { () throws(KVMCloneError) in
            try await journal.requestStop(id, .undo)
        }
        let result = try await move.move(move.request(.cold) { $0.migration.shutdownTimeout = 60 }, id: id)
        #expect(result.state == .cancelled && result.seconds < 30, "\(result)")
        #expect(move.whereabouts == ["source running"])
        #expect(try await move.left(by: id) == [])
        await move.fleet.close()
    }

    @Test(
        "stopped while the guest shuts down it runs on where it was: all is undone, however it was stopped",
        arguments: [StopEnding.undo, .keep])
    func stopped(_ ending: StopEnding) async throws {
        let move = try MigrationFleet(running: true)
        move.source.changeLibvirt { $0.deaf = [move.uuid] }
        let stop = StopSignal()
        move.source.faults.act(.name("shutdown"), .after) { () throws(KVMCloneError) in
            stop.stop(.cancelled("stopped", ending), ending)
        }
        let id = OperationID()
        let result = try await move.move(move.request(.cold), id: id, stop: stop)
        #expect(result.state == .cancelled && result.targets[0].error?.code == .cancelled, "\(result)")
        #expect(result.exitCode == .interrupted)
        #expect(move.whereabouts == ["source running"])
        #expect(try await move.left(by: id) == [])
        await move.fleet.close()
    }
}
