import AgentProtocol
import DomainXML
import Model
import Simulation
import Testing

@testable import Coordinator

/// Live migrations, whatever comes of libvirt's part.
@Suite("Moving VMs live", .serialized)
struct LiveTests {
    /// A fleet whose machine runs; its memory and disks go natively, since these hosts share one file system.
    private static func fleet(journal: any Journal = MemoryJournal()) throws -> MigrationFleet {
        try MigrationFleet(running: true, type: "qemu", journal: journal)
    }

    private static func request(_ move: MigrationFleet) -> CloneRequest {
        move.request { $0.migration.native = true }
    }

    private static let defects: @Sendable (MigrationFleet, OperationID) async throws -> [String] = { move, id in
        try await move.defects(movedTo: move.target, by: id)
    }

    @Test("a VM that runs moves live unless told otherwise; its autostart and checkpoints come along")
    func moves() async throws {
        let move = try Self.fleet()
        move.source.changeLibvirt { libvirt in
            libvirt.autostarted = [move.uuid]
            libvirt.domains[0].checkpoints = ["first", "second"]
        }
        #expect(try await move.fleet.coordinator.plan(Self.request(move)).migration?.mode == .live)
        let id = OperationID()
        let result = try await move.move(Self.request(move), id: id)
        #expect(result.exitCode == .ok && result.targets[0].warnings == [], "\(result)")
        #expect(move.whereabouts == ["target1 running"])
        let defects = try await Self.defects(move, id)
        #expect(defects == [])
        let attachments = try await move.target.attachments(ofDomain: move.uuid)
        #expect(attachments.startsWithHost && attachments.checkpoints.count == 2)
        let domain = try DomainDescription(parsing: try #require(try move.target.snapshot().domains["web01"]))
        #expect(domain.disks.map(\.image.source.path) == [move.disk(on: move.target)])
        await move.fleet.close()
    }

    @Test("a disk on storage that both hosts share isn't copied; that they do is found out, and nothing is left of it")
    func shared() async throws {
        let move = try Self.fleet()
        move.target.shareStorage()
        let before = (try move.source.snapshot(), try move.target.snapshot())
        let id = OperationID()
        let result = try await move.move(Self.request(move), id: id)
        #expect(result.exitCode == .ok, "\(result)")
        #expect(move.whereabouts == ["target1 running"])
        #expect(try move.source.snapshot().files == before.0.files)
        #expect(try move.target.snapshot().files == before.1.files)
        let domain = try DomainDescription(parsing: try #require(try move.target.snapshot().domains["web01"]))
        #expect(domain.disks.map(\.image.source.path) == [move.disk(on: move.source)])
        #expect(try await move.left(by: id) == [])
        await move.fleet.close()
    }

    @Test("a replica on the target stays until the VM has come, and then goes with its disks: it can move to and fro")
    func replica() async throws {
        let move = try Self.fleet()
        var sync = move.request()
        sync.kind = .sync
        try await move.move(sync)
        let before = try move.target.snapshot()
        move.source.faults.fail(.name("migrate"), .before)
        #expect(try await move.move(Self.request(move)).state == .failed)
        #expect(try move.target.snapshot() == before)
        let there = (move.target, move.source, false)
        let back = (move.source, move.target, true)
        for (host, other, back) in [there, back, there, back, there] {
            let id = OperationID()
            let result = try await move.move(move.request(back: back) { $0.migration.native = true }, id: id)
            #expect(result.exitCode == .ok && result.targets[0].warnings == [], "\(result)")
            #expect(move.whereabouts == ["\(host.name) running"])
            #expect(try await host.replica(named: "web01") == nil)
            #expect(try await other.replica(named: "web01") != nil)
            // One disk each: the VM's, and what it has left.
            #expect(try host.snapshot().files.keys.filter { $0.hasSuffix(".qcow2") }.count == 1)
            #expect(try await move.left(by: id) == [])
        }
        // What it has left takes a sync, whatever its files are called.
        var again = move.request(back: true)
        again.kind = .sync
        let result = try await move.move(again)
        #expect(result.exitCode == .ok, "\(result)")
        await move.fleet.close()
    }

    enum Failure: CaseIterable {
        /// libvirt refuses before anything has moved.
        case refused
        /// The new host fails in the last step: the VM is paused on the old one.
        case target
        /// The answer of one that has gone well is lost.
        case answer
    }

    @Test(
        "after any failure it runs on one host only, and nothing of the other half is left", arguments: Failure.allCases
    )
    func fails(_ failure: Failure) async throws {
        let move = try Self.fleet()
        switch failure {
        case .refused: move.source.faults.fail(.name("migrate"), .before)
        case .target: move.target.faults.fail(.name("migrate.finish"), .before)
        case .answer: move.source.faults.fail(.name("migrate"), .after)
        }
        let before = (try move.source.snapshot(), try move.target.snapshot())
        let id = OperationID()
        let result = try await move.move(Self.request(move), id: id)
        if failure == .answer {
            #expect(result.exitCode == .ok, "\(result)")
            #expect(move.whereabouts == ["target1 running"])
            let defects = try await Self.defects(move, id)
            #expect(defects == [])
        } else {
            #expect(result.state == .failed)
            #expect(move.whereabouts == ["source running"])
            #expect(try move.source.snapshot() == before.0)
            #expect(try move.target.snapshot() == before.1)
            #expect(try await move.left(by: id) == [])
        }
        await move.fleet.close()
    }

    @Test("what can't be completed once it has moved is a warning and not a failure, and a clean-up completes it")
    func incomplete() async throws {
        let move = try Self.fleet()
        move.source.changeLibvirt { $0.autostarted = [move.uuid] }
        move.target.faults.fail(.name("attach"), .before)
        let id = OperationID()
        let result = try await move.move(Self.request(move), id: id)
        #expect(result.exitCode == .ok, "\(result)")
        #expect(result.targets[0].warnings.contains { $0.contains("op cleanup \(id)") }, "\(result)")
        #expect(move.whereabouts == ["target1 running"])
        let isClean = try await move.fleet.recovery.cleanUp([id]).allSatisfy(\.isClean)
        #expect(isClean)
        #expect(try await move.target.attachments(ofDomain: move.uuid).startsWithHost)
        let defects = try await Self.defects(move, id)
        #expect(defects == [])
        await move.fleet.close()
    }

    enum Silence: CaseIterable { case source, target }

    @Test(
        "where one host can't be asked it says that it isn't known, ends nothing, and a clean-up resolves it later",
        arguments: Silence.allCases)
    func silent(_ silence: Silence) async throws {
        let move = try Self.fleet()
        let host = silence == .source ? move.source : move.target
        // It goes well, and then one of them is gone.
        move.target.faults.act(.name("migrate.finish"), .after) { () throws(KVMCloneError) in host.faults.die() }
        let id = OperationID()
        let result = try await move.move(Self.request(move), id: id)
        let error = try #require(result.targets[0].error)
        #expect(error.exitCode == .tryAgain && error.whatToDo?.contains("op cleanup \(id)") == true, "\(error)")
        #expect(move.state(on: move.target) == .running)
        let isClean = try await move.fleet.recovery.cleanUp([id]).allSatisfy(\.isClean)
        #expect(!isClean)
        host.faults.clear()
        let isCleanNow = try await move.fleet.recovery.cleanUp([id]).allSatisfy(\.isClean)
        #expect(isCleanNow)
        #expect(move.whereabouts == ["target1 running"])
        let defects = try await Self.defects(move, id)
        #expect(defects == [])
        await move.fleet.close()
    }

    @Test("What each pair of states means", arguments: LiveStates.all)
    func resolved(_ states: LiveStates) async throws {
        let move = try Self.fleet()
        move.source.changeLibvirt { libvirt in
            if let state = states.source { libvirt.domains[0].state = state } else { libvirt.domains = [] }
        }
        if let state = states.target {
            try move.target.add(move.fleet.machine)
            move.target.changeLibvirt { $0.domains[0].state = state }
        }
        let live = LiveMove(
            source: "source", target: "target1", name: "web01", uuid: move.uuid, attachments: DomainAttachments())
        let hosts = move.fleet.hosts
        let verdict = try? await live.resolve { name throws(KVMCloneError) in hosts[name == "source" ? 0 : 1] }
        #expect(verdict == states.verdict)
        #expect(move.whereabouts == states.after)
        await move.fleet.close()
    }

    static let models = """
        <domainCapabilities><cpu><mode name='host-model' supported='yes'>\
        <model fallback='forbid'>Penryn</model><feature policy='require' name='aes'/></mode></cpu></domainCapabilities>
        """

    @Test(
        "a CPU that the new host can't give stops a move of a VM that runs on, with the CPU that both have",
        arguments: [(CPUFit.lacks("no avx2"), true), (.same, false), (.more, false)])
    func cpu(_ fit: CPUFit, _ stops: Bool) async throws {
        let move = try Self.fleet()
        move.source.changeLibvirt { libvirt in
            libvirt.domains[0].inactiveXML = libvirt.domains[0].inactiveXML.replacingOccurrences(
                of: "<devices>", with: "<cpu mode='custom' match='exact'><model>Skylake</model></cpu><devices>")
        }
        for host in move.fleet.hosts {
            host.changeLibvirt { libvirt in
                libvirt.capabilities = .success(Self.models)
                libvirt.fits = ["Skylake": fit]
            }
        }
        for mode in [MigrationMode.live, .seeded, .cold] {
            let plan = try await move.fleet.coordinator.plan(move.request(mode))
            let blocks = plan.targets[0].findings.filter { $0.severity == .blocks }.map(\.message)
            if stops, mode != .cold {
                #expect(blocks.count == 1)
                let told = blocks.first ?? ""
                #expect(told.contains("no avx2"), "\(told)")
                let fix = plan.targets[0].findings.map { "\($0)" }.joined()
                #expect(fix.contains("Penryn,+aes"), "\(fix)")
            } else {
                #expect(blocks == [], "\(mode)")
            }
        }
        await move.fleet.close()
    }

    @Test("a CPU that is passed through may move to the same one only; another one is a warning")
    func passedThrough() async throws {
        let move = try Self.fleet()
        move.source.changeLibvirt { libvirt in
            libvirt.domains[0].inactiveXML = libvirt.domains[0].inactiveXML.replacingOccurrences(
                of: "<devices>", with: "<cpu mode='host-passthrough'/><devices>")
            libvirt.facts.capabilitiesXML =
                "<capabilities><host><cpu><arch>x86_64</arch><model>Haswell</model></cpu></host></capabilities>"
        }
        for (fit, count) in [(CPUFit.same, 0), (.more, 1)] {
            move.target.changeLibvirt { $0.fits = ["Haswell": fit] }
            let plan = try await move.fleet.coordinator.plan(move.request(.live))
            let told = plan.targets[0].findings.filter { $0.message.contains("the CPU of source itself") }
            #expect(told.count == count, "\(plan.targets[0].findings)")
        }
        await move.fleet.close()
    }

    @Test("before it moves it is said that it may not converge, from a limit or from what was seen of the way")
    func forecast() {
        let seen = [ObservedRate(source: "a", target: "b", rate: 50e6, time: 0)]
        #expect(LiveForecast.rate(from: "a", to: "b", limit: nil, observed: seen) == 50_000_000)
        #expect(LiveForecast.rate(from: "a", to: "b", limit: 10_000_000, observed: seen) == 10_000_000)
        #expect(LiveForecast.rate(from: "b", to: "a", limit: nil, observed: seen) == nil)
        #expect(LiveForecast.verdict(dirty: 7_000_000, rate: 10_000_000) == nil)
        #expect(LiveForecast.verdict(dirty: 9_000_000, rate: 10_000_000)?.contains("may not converge") == true)
    }

    @Test("a migration that doesn't converge is known by what the guest writes, and has no end that could be told")
    func convergence() {
        var now = LiveProgress()
        #expect(LiveWatch.secondsLeft(now) == nil)
        (now.diskTotal, now.diskRemaining, now.diskRate) = (100, 50, 10)
        (now.memoryTotal, now.memoryRemaining) = (100, 60)
        #expect(LiveWatch.secondsLeft(now) == 11)
        (now.memoryRate, now.dirtyRate, now.iteration) = (20, 8, 3)
        #expect(LiveWatch.secondsLeft(now) == 10 && LiveWatch.converges(now))
        now.dirtyRate = 16
        #expect(!LiveWatch.converges(now))
        now.dirtyRate = 20
        #expect(LiveWatch.secondsLeft(now) == nil)
    }
}

/// What the two hosts say, and what becomes of it.
struct LiveStates: Sendable, CustomTestStringConvertible {
    var source: VMState?
    var target: VMState?
    var verdict: LiveMove.Verdict?
    var after: [String]

    var testDescription: String {
        "\(source.map(\.rawValue) ?? "absent") and \(target.map(\.rawValue) ?? "absent")"
    }

    static let all = [
        LiveStates(source: .running, target: nil, verdict: .stayed, after: ["source running"]),
        // It may have run there, and have been shut down: then its disks there are the newer ones.
        LiveStates(source: .running, target: .stopped, after: ["source running", "target1 stopped"]),
        LiveStates(source: .running, target: .paused, verdict: .stayed, after: ["source running"]),
        LiveStates(source: .running, target: .running, after: ["source running", "target1 running"]),
        LiveStates(source: .paused, target: nil, verdict: .stayed, after: ["source running"]),
        LiveStates(source: .paused, target: .stopped, after: ["source paused", "target1 stopped"]),
        LiveStates(source: .paused, target: .paused, after: ["source paused", "target1 paused"]),
        LiveStates(source: .paused, target: .running, verdict: .moved, after: ["target1 running"]),
        LiveStates(source: .stopped, target: .stopped, after: ["source stopped", "target1 stopped"]),
        LiveStates(source: .stopped, target: nil, verdict: .stayed, after: ["source stopped"]),
        LiveStates(source: .stopped, target: .running, verdict: .moved, after: ["target1 running"]),
        LiveStates(source: nil, target: .running, verdict: .moved, after: ["target1 running"]),
        LiveStates(source: nil, target: nil, after: []),
    ]
}
