import AgentProtocol
import Coordinator
import Foundation
import Glibc
import Model
import Simulation
import Testing

@testable import Store

/// The journal in its SQLite file.
@Suite struct OperationStoreTests {
    private static func status(_ id: OperationID, _ state: OperationState = .running) -> OperationStatus {
        OperationStatus(
            id: id, kind: .replicate, vm: "web01", source: "kvm1", targets: ["kvm2", "kvm3"], state: state,
            progress: ProgressSnapshot(
                elapsed: 1.5,
                targets: [
                    TargetProgress(
                        host: "kvm2", phase: .copying,
                        disks: [DiskProgress(disk: "vda", done: 1, total: UInt64.max, used: 2)], data: 1,
                        fraction: 0.5, wireBytes: 3, rate: 4, secondsLeft: nil, path: .direct)
                ]), result: nil, created: "2026-01-01T00:00:00Z", started: nil, completed: nil)
    }

    private static let owner = ProcessIdentity(processID: 42, startTicks: 7, bootID: "boot")

    /// One step of each kind.
    private static let steps: [Step] = [
        .claim(host: "kvm1"), .openSend(host: "kvm1", job: HexBytes([1, 2])),
        .openReceive(host: "kvm2", job: HexBytes([1, 2]), folders: ["/pool"]),
        .publish(
            host: "kvm2", job: HexBytes([1, 2]), folders: ["/pool"],
            files: [.init(path: "/pool/x", identity: FileIdentity(device: .max, inode: 1))]),
        .undefine(host: "kvm2", uuid: "u", xml: "<domain>'\"&;--</domain>"), .define(host: "kvm2", uuid: "u"),
        .tidy(host: "kvm2", folders: ["/pool"], files: ["/pool/x"]),
    ]

    @Test("What was written is read again, by another store on the same file too")
    func roundTrip() async throws {
        let folder = try TemporaryFolder()
        let store = try OperationStore(folder: folder.path + "/a/b")
        let id = OperationID()
        try await store.begin(Self.status(id), owner: Self.owner)
        for step in Self.steps { _ = try await store.willDo(step, operation: id) }

        let other = try OperationStore(folder: folder.path + "/a/b")
        for journal in [store, other] {
            #expect(try await journal.operation(id) == Self.status(id))
            #expect(try await journal.owner(of: id) == Self.owner)
            #expect(try await journal.openSteps(of: id).map(\.step) == Self.steps)
        }
        try await other.update(Self.status(id, .failed))
        #expect(try await store.operation(id)?.state == .failed)
    }

    @Test("Steps survive the store's end, and those that were forgotten don't")
    func reopening() async throws {
        let folder = try TemporaryFolder()
        let id = OperationID()
        do {
            let store = try OperationStore(folder: folder.path)
            try await store.begin(Self.status(id), owner: Self.owner)
            var numbers: [Int] = []
            for step in Self.steps { numbers.append(try await store.willDo(step, operation: id)) }
            #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
            try await store.forget(Array(numbers.prefix(2)), operation: id)
        }
        let store = try OperationStore(folder: folder.path)
        #expect(try await store.openSteps(of: id).map(\.step) == Array(Self.steps.dropFirst(2)))
    }

    @Test("A step's number is of use for its own operation only")
    func forgetIsOwn() async throws {
        let folder = try TemporaryFolder()
        let store = try OperationStore(folder: folder.path)
        let (mine, other) = (OperationID(), OperationID())
        for id in [mine, other] { try await store.begin(Self.status(id), owner: Self.owner) }
        let number = try await store.willDo(.claim(host: "kvm1"), operation: mine)
        try await store.forget([number], operation: other)
        #expect(try await store.openSteps(of: mine).count == 1)
        try await store.forget([], operation: mine)
        #expect(try await store.openSteps(of: mine).count == 1)
    }

    @Test("Operations come newest first; ended ones only when asked for")
    func listing() async throws {
        let folder = try TemporaryFolder()
        let store = try OperationStore(folder: folder.path)
        let ids = (0..<3).map { _ in OperationID() }
        for id in ids { try await store.begin(Self.status(id), owner: Self.owner) }
        try await store.update(Self.status(ids[1], .completed))
        #expect(try await store.operations(includingEnded: true).map(\.id) == ids.reversed())
        #expect(try await store.operations(includingEnded: false).map(\.id) == [ids[2], ids[0]])
    }

    @Test(
        "A request to stop is seen by another process' store, with what is to become of the copy",
        arguments: StopEnding.allCases)
    func cancel(_ ending: StopEnding) async throws {
        let folder = try TemporaryFolder()
        let store = try OperationStore(folder: folder.path)
        let id = OperationID()
        try await store.begin(Self.status(id), owner: Self.owner)
        let other = try OperationStore(folder: folder.path)
        #expect(try await store.requestedStop(of: id) == nil)
        try await other.requestStop(id, ending)
        #expect(try await store.requestedStop(of: id) == ending)
        #expect(try await store.requestedStop(of: OperationID()) == nil)
    }

    @Test("An operation of a process that is gone, or that was interrupted, is taken over once")
    func takeOver() async throws {
        let folder = try TemporaryFolder()
        let store = try OperationStore(folder: folder.path)
        let request = CloneRequest(kind: .clone, vm: "web01", source: "kvm1", targets: ["kvm2"])
        for state in [OperationState.running, .interrupted] {
            let id = OperationID()
            try await store.begin(Self.status(id, state), owner: Self.owner)
            try await store.requestStop(id, .keep)
            #expect(try await store.takeOver(id, request: request, owner: .current) == 2)
            #expect(try await store.operation(id)?.state == .running)
            #expect(try await store.owner(of: id) == .current)
            #expect(try await store.request(of: id) == request)
            #expect(try await store.requestedStop(of: id) == nil)
            // This process lives, and works on it.
            let error = await #expect(throws: KVMCloneError.self) {
                try await store.takeOver(id, request: request, owner: .current)
            }
            #expect(error?.exitCode == .tryAgain)
            try await store.update(Self.status(id, .interrupted))
            #expect(try await store.takeOver(id, request: request, owner: .current) == 3)
        }
    }

    @Test(
        "What has ended, or was never begun, can't be taken over",
        arguments: [OperationState.completed, .failed, .cancelled])
    func noTakeOver(_ state: OperationState) async throws {
        let folder = try TemporaryFolder()
        let store = try OperationStore(folder: folder.path)
        let request = CloneRequest(kind: .clone, vm: "web01", source: "kvm1", targets: ["kvm2"])
        let id = OperationID()
        try await store.begin(Self.status(id, state), owner: Self.owner)
        for wrong in [id, OperationID()] {
            await #expect(throws: KVMCloneError.self) {
                try await store.takeOver(wrong, request: request, owner: .current)
            }
        }
        #expect(try await store.operation(id)?.state == state)
    }

    @Test("A target that has its copy is known, and its steps but for the last are forgotten, in one write")
    func settle() async throws {
        let folder = try TemporaryFolder()
        let store = try OperationStore(folder: folder.path)
        let id = OperationID()
        try await store.begin(Self.status(id), owner: Self.owner)
        let first = try await store.willDo(.claim(host: "kvm2"), operation: id)
        let other = try await store.willDo(.claim(host: "kvm3"), operation: id)
        let tidy = Step.tidy(host: "kvm2", folders: ["/pool"], files: ["/pool/x"])
        let last = try await store.settle([first], host: "kvm2", leaving: tidy, operation: id)
        #expect(try await store.settledTargets(of: id) == ["kvm2"])
        #expect(try await store.openSteps(of: id).map(\.number) == [other, last])
        #expect(try await store.openSteps(of: id).last?.step == tidy)
    }

    @Test("Nobody knows an operation that was never begun")
    func unknown() async throws {
        let folder = try TemporaryFolder()
        let store = try OperationStore(folder: folder.path)
        #expect(try await store.operation(OperationID()) == nil)
        #expect(try await store.owner(of: OperationID()) == nil)
        #expect(try await store.openSteps(of: OperationID()) == [])
        await #expect(throws: KVMCloneError.self) {
            try await store.willDo(.claim(host: "kvm1"), operation: OperationID())
        }
    }

    @Test("Two stores that write at once lose nothing")
    func concurrent() async throws {
        let folder = try TemporaryFolder()
        let stores = [try OperationStore(folder: folder.path), try OperationStore(folder: folder.path)]
        let id = OperationID()
        try await stores[0].begin(Self.status(id), owner: Self.owner)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask { _ = try await stores[number % 2].willDo(.claim(host: "h\(number)"), operation: id) }
            }
            try await group.waitForAll()
        }
        #expect(Set(try await stores[0].openSteps(of: id).map(\.step.host)).count == 40)
    }

    @Test("A file that is no store is a clear error, and stays as it is")
    func corrupt() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/operations.sqlite"
        let garbage = Data((0..<8192).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try garbage.write(to: URL(fileURLWithPath: path))
        let error = try #require(throws: KVMCloneError.self) { try OperationStore(folder: folder.path) }
        #expect(error.message.contains(path))
        #expect(error.cause != nil)
        #expect(error.whatToDo?.contains("moved away") == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == garbage)
    }

    @Test("A folder that can't be made is a clear error", arguments: ["/proc/kvm-clone", "/dev/null/state"])
    func unusable(_ folder: String) throws {
        let error = try #require(throws: KVMCloneError.self) { try OperationStore(folder: folder) }
        #expect(error.message.contains(folder))
        #expect(error.whatToDo?.contains("KVM_CLONE_STATE") == true)
    }

    @Test("A record that can't be read is an error that names the way out")
    func unreadable() throws {
        let error = try #require(throws: KVMCloneError.self) {
            try decoded("{\"state\":\"flying\"}") as OperationStatus
        }
        #expect(error.whatToDo?.contains("move the store away") == true)
    }

    @Test("Only the owner can read it")
    func permissions() throws {
        let folder = try TemporaryFolder()
        _ = try OperationStore(folder: folder.path + "/state")
        var info = stat()
        #expect(stat(folder.path + "/state", &info) == 0)
        #expect(info.st_mode & 0o077 == 0)
    }
}
