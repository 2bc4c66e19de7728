import Interface
import KVMClone
import Model
import Testing
import YAML

@testable import kvm_clone

@Suite struct OperationTextTests {
    private static func status(_ state: OperationState) -> OperationStatus {
        OperationStatus(
            id: OperationID("AB10000000") ?? OperationID(), kind: .replicate, vm: "web01", source: "kvm1",
            targets: ["kvm2", "kvm3"], state: state,
            progress: ProgressSnapshot(
                elapsed: 1,
                targets: [
                    TargetProgress(
                        host: "kvm3", phase: .copying, disks: [], fraction: 0.5, wireBytes: 0, rate: 0,
                        secondsLeft: nil, path: nil)
                ]), result: nil, created: "2026-01-01T00:00:00Z", started: nil, completed: nil)
    }

    private static let step = OpenStep(.claim(host: "kvm3"))

    private static func details(_ state: OperationState, isAlive: Bool) -> OperationDetails {
        var request = CloneRequest(kind: .replicate, vm: "web01", source: "kvm1", targets: ["kvm2", "kvm3"])
        request.options.newName = "web02"
        request.options.view = .guest
        return OperationDetails(
            status: status(state), request: request, processID: 77, isProcessAlive: isAlive, isCancelRequested: true,
            openSteps: [step],
            outcomes: [
                TargetOutcome(
                    host: "kvm2", newName: "web02", error: KVMCloneError(.diskSpace, "full\u{1b}"), verified: false,
                    logicalBytes: 0, wireBytes: 0, seconds: 1, path: nil, warnings: [])
            ])
    }

    @Test("details tell request, process, targets and open steps, with the way out")
    func details() {
        let text = DetailsText.render(Self.details(.interrupted, isAlive: false))
        for part in [
            "replicate AB10000000  interrupted\n", "options   newName: web02, view: guest\n", "process   77, gone\n",
            "op cleanup AB10000000", "  kvm2  [1204] full?\n", "  kvm3  copying  50%\n", "  kvm3  names claimed\n",
        ] {
            #expect(text.contains(part), "\(part) is missing in\n\(text)")
        }
        #expect(DetailsText.render(Self.details(.running, isAlive: true)).contains("was asked to stop"))
    }

    @Test("the details' document has the status' keys, and more")
    func document() throws {
        let fields = try YAMLValue(encoding: DetailsDocument(Self.details(.running, isAlive: true))).fields
        let keys = Set(fields.map(\.key))
        let status = try YAMLValue(encoding: StatusDocument(Self.status(.running))).fields.map(\.key)
        #expect(keys.isSuperset(of: status))
        #expect(keys.isSuperset(of: ["request", "process", "cancel_requested", "open_steps", "outcomes"]))
        #expect(fields.first { $0.key == "process" }?.value == ["id": 77, "alive": true])
    }

    @Test("an interrupted operation says so in every format")
    func interrupted() throws {
        let status = Self.status(.interrupted)
        #expect(StatusText.detail(status).contains("op cleanup AB10000000"))
        let document = try YAMLValue(encoding: StatusDocument(status))
        #expect(document.fields.first { $0.key == "status" }?.value == "interrupted")
    }

    struct Ending: Sendable {
        var state: OperationState
        var wasAsked: Bool
        var exit: ExitCode?
    }

    @Test(
        "cancelling fails where the operation had ended otherwise, or its process is gone",
        arguments: [
            Ending(state: .cancelled, wasAsked: true, exit: nil), Ending(state: .cancelled, wasAsked: false, exit: nil),
            Ending(state: .running, wasAsked: true, exit: nil),
            Ending(state: .completed, wasAsked: true, exit: .other),
            Ending(state: .failed, wasAsked: false, exit: .other),
            Ending(state: .interrupted, wasAsked: true, exit: .tryAgain),
        ])
    func cancelling(_ row: Ending) {
        #expect(OpCommand.Cancel.failure(Self.status(row.state), wasAsked: row.wasAsked)?.exitCode == row.exit)
    }

    @Test("a clean-up tells each step, and ends with 3 when it was done in part")
    func cleanUp() async throws {
        let options = try #require(
            try await CommandRunner.parse(["op", "cleanup", "--all"]) as? OpCommand.CleanUp
        ).table
        func report(_ errors: [KVMCloneError?]) -> CleanUpReport {
            CleanUpReport(
                id: OperationID("AB10000000") ?? OperationID(), kind: .clone, vm: "web01", state: .running,
                entries: errors.map { .init(step: Self.step, error: $0) })
        }
        let gone = KVMCloneError(.connection, "no route", host: "kvm3")
        #expect([report([nil])].exitCode == nil && [report([])].exitCode == nil)
        #expect([report([nil, gone])].exitCode == .partFailed)
        #expect([report([gone])].exitCode == .connection)
        let text = try CleanUpText.reports([report([nil, gone]), report([])], as: .text, options)
        #expect(text.contains("undone") && text.contains("[1002]") && text.contains("nothing to undo"))
        let value = try YAMLValue(encoding: CleanUpDocument(report([gone])))
        #expect(value.fields.first { $0.key == "clean" }?.value == false)
    }
}
