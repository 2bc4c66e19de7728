import Model
import Testing

@Suite struct StatusExitCodeTests {
    struct Row: Sendable {
        var state: OperationState
        var errors: [KVMCloneError?]?
        var code: ExitCode?
    }

    private static func status(_ state: OperationState, _ errors: [KVMCloneError?]? = nil) -> OperationStatus {
        let id = OperationID()
        let result = errors.map { errors in
            OperationResult(
                id: id, kind: .replicate, vm: "v", source: "a", state: state,
                targets: errors.map {
                    TargetOutcome(
                        host: "b", newName: "v", error: $0, verified: true, logicalBytes: 1, wireBytes: 1, seconds: 1,
                        path: nil, warnings: [])
                }, seconds: 1)
        }
        return OperationStatus(
            id: id, kind: .replicate, vm: "v", source: "a", targets: ["b"], state: state, progress: nil,
            result: result, created: "", started: nil, completed: nil)
    }

    private static let full = KVMCloneError(.diskSpace, "full")

    @Test(
        "a command that waited ends with the operation's own code",
        arguments: [
            Row(state: .running, code: nil), Row(state: .pending, code: nil), Row(state: .completed, code: .ok),
            Row(state: .cancelled, code: .interrupted), Row(state: .interrupted, code: .tryAgain),
            Row(state: .failed, code: .other), Row(state: .failed, errors: [full, nil], code: .partFailed),
            Row(state: .failed, errors: [full, full], code: .resources),
        ])
    func one(_ row: Row) {
        #expect(Self.status(row.state, row.errors).exitCode == row.code)
    }

    @Test(
        "several operations are judged as several targets are",
        arguments: [
            ([], ExitCode.ok), ([.completed, .completed], .ok), ([.completed, .cancelled], .partFailed),
            ([.cancelled, .failed], .interrupted), ([.running, .interrupted], .tryAgain), ([.running], .ok),
        ] as [([OperationState], ExitCode)])
    func several(_ states: [OperationState], _ code: ExitCode) {
        #expect(states.map { Self.status($0) }.exitCode == code)
    }
}
