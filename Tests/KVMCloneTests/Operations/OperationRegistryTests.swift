import Coordinator
import Model
import Simulation
import Store
import Testing

@testable import KVMClone

/// Operations of other processes.
@Suite struct OperationRegistryTests {
    private static let dead = ProcessIdentity(processID: 1, startTicks: 1, bootID: "another boot")

    private static func status(_ id: OperationID, _ state: OperationState = .running) -> OperationStatus {
        OperationStatus(
            id: id, kind: .clone, vm: "web01", source: "kvm1", targets: ["kvm2"], state: state, progress: nil,
            result: nil, created: "2026-01-01T00:00:00Z", started: nil, completed: nil)
    }

    private func withRegistry(
        _ ids: [String], owner: ProcessIdentity = .current,
        _ body: (OperationRegistry, OperationStore) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let store = try OperationStore(folder: folder.path)
        for id in ids { try await store.begin(Self.status(try #require(OperationID(id))), owner: owner) }
        try await body(OperationRegistry(store: store), store)
    }

    @Test(
        "a unique beginning is an id, in either case",
        arguments: [("AB1", "AB10000000"), ("ab2", "AB20000000"), ("C", "C000000000"), ("AB10000000", "AB10000000")])
    func prefix(_ word: String, _ id: String) async throws {
        try await withRegistry(["AB10000000", "AB20000000", "C000000000"]) { registry, _ in
            let found = try await registry.id(startingWith: word)
            #expect(found.description == id)
        }
    }

    struct Refusal: Sendable {
        var word: String
        var code: ErrorCode
        var exit: ExitCode
        var text: String
    }

    @Test(
        "what is no id, no operation, or more than one is refused with what to do",
        arguments: [
            Refusal(word: "AB", code: .validation, exit: .usage, text: "AB20000000, AB10000000"),
            Refusal(word: "D", code: .operationNotFound, exit: .notFound, text: "op list"),
            Refusal(word: "D000000000", code: .operationNotFound, exit: .notFound, text: "D000000000"),
            Refusal(word: "", code: .validation, exit: .usage, text: "status --all"),
            Refusal(word: "A%", code: .validation, exit: .usage, text: "A%"),
            Refusal(word: "AB100000000", code: .validation, exit: .usage, text: "AB1"),
        ])
    func refusals(_ row: Refusal) async throws {
        try await withRegistry(["AB10000000", "AB20000000"]) { registry, _ in
            let error = await #expect(throws: KVMCloneError.self) {
                _ = try await registry.id(startingWith: row.word)
            }
            #expect(error?.code == row.code && error?.exitCode == row.exit && error?.field == "operation_id")
            let told = "\(error?.description ?? "") \(error?.whatToDo ?? "")"
            #expect(told.contains(row.text))
        }
    }

    @Test("an operation whose process died is interrupted, wherever it is read, and can't be cancelled")
    func interrupted() async throws {
        try await withRegistry(["AB10000000"], owner: Self.dead) { registry, store in
            let id = try #require(OperationID("AB10000000"))
            _ = try await store.willDo(.claim(host: "kvm2"), operation: id)
            #expect(try await registry.operation(id).state == .interrupted)
            #expect(try await registry.operations(includingEnded: false).map(\.state) == [.interrupted])
            let details = try await registry.details(id)
            #expect(!details.isProcessAlive && details.processID == 1)
            #expect(details.openSteps.map(\.host) == ["kvm2"])
            #expect(try await registry.failedOperations() == [details])
            #expect(try await registry.wait(for: id).state == .interrupted)
            let error = await #expect(throws: KVMCloneError.self) { _ = try await registry.requestStop(id) }
            #expect(error?.exitCode == .tryAgain && error?.whatToDo?.contains("op cleanup AB10000000") == true)
            #expect(try await store.requestedStop(of: id) == nil)
        }
    }

    @Test("a running operation is asked to stop, an ended one isn't")
    func cancel() async throws {
        try await withRegistry(["AB10000000", "AB20000000"]) { registry, store in
            let (running, ended) = (try #require(OperationID("AB10000000")), try #require(OperationID("AB20000000")))
            try await store.update(Self.status(ended, .completed))
            #expect(try await registry.requestStop(running))
            #expect(try await store.requestedStop(of: running) == .undo)
            #expect(try await registry.details(running).isCancelRequested)
            #expect(try await !registry.requestStop(ended))
            #expect(try await store.requestedStop(of: ended) == nil)
            #expect(try await registry.failedOperations().isEmpty)
        }
    }

    @Test("who follows sees what happens meanwhile, to the end")
    func follow() async throws {
        try await withRegistry(["AB10000000"]) { registry, store in
            let id = try #require(OperationID("AB10000000"))
            let ending = Task {
                try await Task.sleep(for: .milliseconds(400))
                let event = OperationEvent.phase(host: "kvm2", phase: .copying, detail: nil)
                try await store.append([OperationLogEntry(time: 1, content: .event(event))], to: id)
                try await store.update(Self.status(id, .completed))
            }
            var events: [OperationEvent] = []
            let status = try await registry.follow(id) { events.append($0) }
            #expect(status.state == .completed)
            #expect(events.contains(.phase(host: "kvm2", phase: .copying, detail: nil)))
            #expect(events.last == .ended(state: .completed))
            var numbers: [Int] = []
            try await registry.followLog(of: id, untilEnd: true) { numbers += $0.map(\.number) }
            #expect(numbers.count == 1)
            try await ending.value
        }
    }

    @Test("more entries than are read at once all come, in order")
    func manyEntries() async throws {
        try await withRegistry(["AB10000000"]) { registry, store in
            let id = try #require(OperationID("AB10000000"))
            let count = OperationRegistry.batch * 2 + 1
            let entries = (0..<count).map { number in
                OperationLogEntry(time: Int64(number), content: .event(.warning(host: nil, message: "\(number)")))
            }
            try await store.append(entries, to: id)
            try await store.update(Self.status(id, .completed))
            var times: [Int64] = []
            try await registry.followLog(of: id, untilEnd: false) { times += $0.map(\.time) }
            #expect(times == entries.map(\.time))
            var warnings = 0
            _ = try await registry.follow(id) { if case .warning = $0 { warnings += 1 } }
            #expect(warnings == count)
        }
    }
}
