import Model
import Testing

@testable import KVMClone

/// Events made again from the store.
@Suite struct OperationFeedTests {
    private let id = OperationID()

    private func status(_ state: OperationState, fraction: Double? = nil, ended: [String]? = nil) -> OperationStatus {
        let disks = [DiskProgress(disk: "vda", done: 1, total: 2, used: 2)]
        let progress = fraction.map { fraction in
            ProgressSnapshot(
                elapsed: fraction,
                targets: ["b", "c"].map {
                    TargetProgress(
                        host: $0, phase: .copying, disks: disks, fraction: fraction, wireBytes: 1, rate: 1,
                        secondsLeft: nil, path: nil)
                })
        }
        let result = ended.map { hosts in
            OperationResult(
                id: id, kind: .replicate, vm: "v", source: "a", state: state, targets: hosts.map(outcome), seconds: 1)
        }
        return OperationStatus(
            id: id, kind: .replicate, vm: "v", source: "a", targets: ["b", "c"], state: state, progress: progress,
            result: result, created: "", started: nil, completed: nil)
    }

    private func outcome(_ host: String) -> TargetOutcome {
        TargetOutcome(
            host: host, newName: "new", error: nil, verified: true, logicalBytes: 1, wireBytes: 1, seconds: 1,
            path: nil, warnings: [])
    }

    private func entries(_ events: OperationEvent...) -> [OperationLogEntry] {
        events.map { OperationLogEntry(time: 1, content: .event($0)) }
    }

    private var start: OperationEvent {
        .started(
            OperationStart(
                id: id, kind: .replicate, vm: "v", source: "a", targets: ["b", "c"], newNames: ["new", "new"],
                disks: [DiskProgress(disk: "vda", done: 0, total: 2, used: 2)]))
    }

    private func kinds(_ events: [OperationEvent]) -> [String] {
        events.map { event in
            switch event {
            case .started(let start): "started \(start.newNames.count) \(start.disks.count)"
            case .phase(let host, let phase, _): "\(host) \(phase.rawValue)"
            case .progress(let snapshot): "progress \(snapshot.elapsed)"
            case .warning: "warning"
            case .targetEnded(let outcome): "\(outcome.host) ended"
            case .ended(let state): "ended \(state.rawValue)"
            }
        }
    }

    @Test("what was logged comes as it was, progress once for each that is new, and the end once")
    func whole() {
        var feed = OperationFeed()
        let warning = OperationEvent.warning(host: nil, message: "w")
        let copying = OperationEvent.phase(host: "b", phase: .copying, detail: nil)
        #expect(
            kinds(feed.events(status(.running, fraction: 0.5), entries: entries(warning, start, copying)))
                == ["warning", "started 2 1", "b copying", "progress 0.5"])
        #expect(feed.events(status(.running, fraction: 0.5), entries: []).isEmpty)
        #expect(kinds(feed.events(status(.running, fraction: 0.75), entries: [])) == ["progress 0.75"])
        let end = entries(.targetEnded(outcome("b")), .targetEnded(outcome("c")), .ended(state: .completed))
        #expect(
            kinds(feed.events(status(.completed, fraction: 1, ended: ["b", "c"]), entries: end))
                == ["b ended", "c ended", "ended completed"])
        #expect(feed.events(status(.completed, fraction: 1, ended: ["b", "c"]), entries: []).isEmpty)
    }

    @Test("of an operation without a log the start and the end are made from its status")
    func withoutLog() {
        var feed = OperationFeed()
        #expect(
            kinds(feed.events(status(.completed, fraction: 1, ended: ["b", "c"]), entries: []))
                == ["started 2 1", "progress 1.0", "b ended", "c ended", "ended completed"])
    }

    @Test("a killed process leaves no end; what follows it ends all the same")
    func interrupted() {
        var feed = OperationFeed()
        _ = feed.events(status(.running, fraction: 0.5), entries: entries(start, .targetEnded(outcome("b"))))
        #expect(kinds(feed.events(status(.interrupted, fraction: 0.5), entries: [])) == ["ended interrupted"])
    }

    @Test("a log whose beginning was dropped still begins with a start")
    func shortened() {
        var feed = OperationFeed()
        let copying = OperationEvent.phase(host: "c", phase: .copying, detail: nil)
        #expect(
            kinds(feed.events(status(.running, fraction: 0.5), entries: entries(copying)))
                == ["started 0 1", "c copying", "progress 0.5"])
    }

    @Test("targets whose end is not in the log end before the operation does")
    func missingOutcome() {
        var feed = OperationFeed()
        let end = entries(start, .targetEnded(outcome("b")), .ended(state: .failed))
        #expect(
            kinds(feed.events(status(.failed, ended: ["b", "c"]), entries: end))
                == ["started 2 1", "b ended", "c ended", "ended failed"])
    }
}
