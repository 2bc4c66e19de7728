import Model

@testable import Interface

/// An operation to three targets, as the tests draw it.
enum Sample {
    static let id = OperationID("7K3ABCDEFG") ?? OperationID()
    static let gigabyte = UInt64(1) << 30

    static func start(targets: [String] = ["kvm2", "kvm3", "kvm4"], vm: String = "web01") -> OperationStart {
        OperationStart(
            id: id, kind: .replicate, vm: vm, source: "kvm1", targets: targets, newNames: targets.map { _ in vm },
            disks: [DiskProgress(disk: "vda", done: 0, total: 12 * gigabyte, used: 11 * gigabyte)])
    }

    static func target(
        _ host: String, done: UInt64, data: UInt64? = nil, rate: Double = 91 * 1_048_576, left: Double? = 13,
        phase: TargetPhase = .copying,
        path: DataPath? = .direct
    ) -> TargetProgress {
        TargetProgress(
            host: host, phase: phase,
            disks: [DiskProgress(disk: "vda", done: done, total: 12 * gigabyte, used: 11 * gigabyte, data: data)],
            data: data, fraction: Double(done) / Double(12 * gigabyte), wireBytes: done, rate: rate, secondsLeft: left,
            path: path)
    }

    static func outcome(_ host: String, error: KVMCloneError? = nil) -> TargetOutcome {
        TargetOutcome(
            host: host, newName: "web01", error: error, verified: error == nil, logicalBytes: 12 * gigabyte,
            wireBytes: gigabyte, seconds: 58, path: .direct, warnings: [])
    }

    static let full = KVMCloneError(.diskSpace, "needs 11.2 GiB, 4.0 free in \"default\"", host: "kvm4")

    /// One target complete, one at 63 %, one failed.
    static func midway() -> ProgressState {
        var state = ProgressState()
        state.apply(.started(start()))
        state.apply(.targetEnded(outcome("kvm2")))
        state.apply(.targetEnded(outcome("kvm4", error: full)))
        state.apply(.progress(.init(elapsed: 60, targets: [target("kvm3", done: 8_124_000_000)])))
        return state
    }

    static func view(columns: Int = 80, lines: Int = 24, isUTF8: Bool = true, colour: Bool = false, frame: Int = 2)
        -> ProgressView
    {
        ProgressView(
            .init(
                terminal: Terminal(isTerminal: true, columns: columns, lines: lines, isUTF8: isUTF8),
                paint: Paint(isOn: colour), frame: frame))
    }
}
