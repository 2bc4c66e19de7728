import AgentProtocol
import Coordinator
import Foundation
import Glibc
import Model
import Simulation
import Testing

/// Cleaning up after a process that died.
@Suite struct RecoveryTests {
    /// A process that can't be alive: it ran before this machine was started.
    static let dead = ProcessIdentity(processID: 1, startTicks: 1, bootID: "another boot")

    private static func status(_ id: OperationID, _ state: OperationState) -> OperationStatus {
        OperationStatus(
            id: id, kind: .clone, vm: "web01", source: "source", targets: ["target1"], state: state, progress: nil,
            result: nil, created: Timestamp.now, started: Timestamp.now, completed: nil)
    }

    /// Leaves what a crash right after the domain was defined leaves: published file, set-aside file, new domain.
    private static func crash(_ fleet: FakeFleet, _ id: OperationID, state: OperationState) async throws -> HostSnapshot
    {
        let target = fleet.targets[0]
        var old = fleet.machine
        old.uuid = "6a1e1c1e-0000-4000-8000-0000000000ff"
        try target.add(old)
        let before = try target.snapshot()
        let oldXML = old.xml(folder: target.pool)
        let name = old.disks[0].fileName(machine: old.name)
        let path = target.pool + "/" + name
        let partial = target.pool + "/.kvm-clone-\(id)-1.partial"
        try FileManager.default.moveItem(atPath: path, toPath: target.pool + "/.kvm-clone-\(id)-replaced-\(name)")
        try DiskRecipe(seed: 7).make(at: path)
        try Data("half".utf8).write(to: URL(fileURLWithPath: partial))
        var new = fleet.machine
        new.uuid = "6a1e1c1e-0000-4000-8000-0000000000ee"
        try await target.undefine(uuid: old.uuid)
        try await target.define(new.xml(folder: target.pool))
        await begin(fleet, id, state: state)
        let published = Sweep.Published(path: path, identity: try Self.identity(path))
        let steps: [Step] = [
            .claim(host: "source"), .openSend(host: "source", job: .job(of: id)), .claim(host: "target1"),
            .openReceive(host: "target1", job: .job(of: id), folders: [target.pool]),
            .publish(host: "target1", job: .job(of: id), folders: [target.pool], files: [published]),
            .undefine(host: "target1", uuid: old.uuid, xml: oldXML), .define(host: "target1", uuid: new.uuid),
        ]
        for step in steps { _ = try await fleet.journal.willDo(step, operation: id) }
        return before
    }

    private static func begin(_ fleet: FakeFleet, _ id: OperationID, state: OperationState) async {
        // A journal in memory has no errors.
        try? await fleet.journal.begin(status(id, .running), owner: dead)
        try? await fleet.journal.update(status(id, state))
    }

    private static func identity(_ path: String) throws -> FileIdentity {
        let found = try FileManager.default.attributesOfItem(atPath: path)
        let inode = try #require(found[.systemFileNumber] as? NSNumber).uint64Value
        let device = try #require(found[.systemNumber] as? NSNumber).uint64Value
        return FileIdentity(device: device, inode: inode)
    }

    @Test("After a crash the old VM and its disk are back, and the operation is marked failed")
    func afterCrash() async throws {
        let fleet = try FakeFleet()
        let id = OperationID()
        let before = try await Self.crash(fleet, id, state: .running)
        #expect(try await fleet.recovery.cleanUp().cleanIDs == [id])
        #expect(try fleet.targets[0].snapshot() == before)
        #expect(try await fleet.journal.openSteps(of: id) == [])
        let status = try #require(try await fleet.journal.operation(id))
        #expect(status.state == .failed)
        #expect(status.completed != nil)
        #expect(try await fleet.recovery.cleanUp().cleanIDs == [])
        await fleet.close()
    }

    @Test("What a failed operation could not undo is undone later, and its state stays")
    func afterFailedUndo() async throws {
        let fleet = try FakeFleet()
        let id = OperationID()
        let before = try await Self.crash(fleet, id, state: .cancelled)
        #expect(try await fleet.recovery.cleanUp().cleanIDs == [id])
        #expect(try fleet.targets[0].snapshot() == before)
        #expect(try await fleet.journal.openSteps(of: id) == [])
        #expect(try await fleet.journal.operation(id)?.state == .cancelled)
        await fleet.close()
    }

    @Test("A host that can't be reached keeps its steps for the next time")
    func unreachable() async throws {
        let fleet = try FakeFleet()
        let id = OperationID()
        let before = try await Self.crash(fleet, id, state: .running)
        fleet.targets[0].faults.fail(.name(Sweep.name), .before)
        #expect(try await fleet.recovery.cleanUp().cleanIDs == [])
        #expect(try await fleet.journal.openSteps(of: id).isEmpty == false)
        #expect(try await fleet.journal.operation(id)?.state == .running)
        #expect(try await fleet.recovery.cleanUp().cleanIDs == [id])
        #expect(try fleet.targets[0].snapshot() == before)
        await fleet.close()
    }

    @Test("An operation whose process lives is left alone")
    func alive() async throws {
        let fleet = try FakeFleet()
        let id = OperationID()
        try await fleet.journal.begin(Self.status(id, .running), owner: .current)
        _ = try await fleet.journal.willDo(.claim(host: "source"), operation: id)
        #expect(try await fleet.recovery.cleanUp().cleanIDs == [])
        let error = await #expect(throws: KVMCloneError.self) { _ = try await fleet.recovery.cleanUp([id]) }
        #expect(error?.exitCode == .tryAgain && error?.whatToDo?.contains("op cancel \(id)") == true)
        #expect(try await fleet.journal.openSteps(of: id).count == 1)
        await fleet.close()
    }

    @Test("The report tells each step; one that can't be undone keeps those of its host before it, and no others")
    func report() async throws {
        let fleet = try FakeFleet()
        let id = OperationID()
        let before = try await Self.crash(fleet, id, state: .running)
        fleet.targets[0].faults.fail(.name(Sweep.name), .before)
        let report = try #require(try await fleet.recovery.cleanUp().first)
        #expect(!report.isClean && report.id == id && report.state == .running)
        let target = report.entries.filter { $0.step.host == "target1" }
        // Define and undefine are undone; publishing fails, so that partial files and claims stay.
        #expect(target.map { $0.error == nil } == [true, true, false, false, false])
        #expect(target.last?.step.step == "names claimed")
        #expect(target.compactMap(\.error).allSatisfy { $0.host == "target1" })
        let source = report.entries.filter { $0.step.host == "source" }
        #expect(source.map(\.error) == [nil, nil])
        #expect(try await fleet.journal.openSteps(of: id).map(\.step.host) == ["target1", "target1", "target1"])
        let second = try #require(try await fleet.recovery.cleanUp().first)
        #expect(second.isClean && second.entries.count == 3 && second.state == .failed)
        #expect(try fleet.targets[0].snapshot() == before)
        await fleet.close()
    }

    @Test("Only what is named is cleaned up, and a name that nobody has is an error")
    func named() async throws {
        let fleet = try FakeFleet()
        let (first, second) = (OperationID(), OperationID())
        for id in [first, second] {
            await Self.begin(fleet, id, state: .running)
            _ = try await fleet.journal.willDo(.claim(host: "target1"), operation: id)
        }
        let reports = try await fleet.recovery.cleanUp([second])
        #expect(reports.map(\.id) == [second])
        #expect(try await fleet.journal.openSteps(of: first).count == 1)
        #expect(try await fleet.recovery.cleanUp([second]).first?.entries.isEmpty == true)
        let error = await #expect(throws: KVMCloneError.self) { _ = try await fleet.recovery.cleanUp([OperationID()]) }
        #expect(error?.code == .operationNotFound)
        await fleet.close()
    }

    @Test("Stopped before it began, a clean-up leaves the operation as it is and says so")
    func cancelled() async throws {
        let fleet = try FakeFleet()
        let id = OperationID()
        _ = try await Self.crash(fleet, id, state: .running)
        let cleaning = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await fleet.recovery.cleanUp()
        }
        let error = await #expect(throws: KVMCloneError.self) { try await cleaning.value }
        #expect(error?.code == .cancelled && error?.message.contains("\(id)") == true)
        #expect(try await fleet.journal.openSteps(of: id).count == 7)
        await fleet.close()
    }

    @Test("A process lives until it ends, and its number alone says nothing")
    func identity() throws {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/bin/sleep")
        child.arguments = ["60"]
        try child.run()
        let id = child.processIdentifier
        let stat = try String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        var identity = ProcessIdentity.current
        #expect(identity.isAlive)
        identity.processID = id
        identity.startTicks = try #require(UInt64(fields[20]))
        #expect(identity.isAlive)
        kill(id, SIGKILL)
        child.waitUntilExit()
        #expect(!identity.isAlive)
    }
}

extension [CleanUpReport] {
    fileprivate var cleanIDs: [OperationID] { filter(\.isClean).map(\.id) }
}
