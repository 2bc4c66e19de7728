import AgentProtocol
import Model
import Synchronization

/// Puts what the agents tell together to where an operation stands.
package final class ProgressTracker: Sendable {
    private struct TargetState {
        var host: String
        var phase = TargetPhase.preparing
        var done: [UInt64]
        var data: UInt64 = 0
        var wire: UInt64 = 0
        var path: DataPath?
        var rate = RateEstimator()
        var dataRate = RateEstimator()
    }

    private struct State {
        var targets: [TargetState]
        /// Changes whenever anything has moved.
        var movement: UInt64 = 0
    }

    private let files: [ClonePlan.File]
    private let verifies: Bool
    private let start = ContinuousClock.now
    private let state: Mutex<State>

    package init(plan: ClonePlan, verifies: Bool) {
        files = plan.files
        self.verifies = verifies
        let blank = plan.files.map { _ in UInt64(0) }
        state = Mutex(State(targets: plan.targets.map { TargetState(host: $0.host, done: blank) }))
    }

    /// Seconds since the operation began.
    package var elapsed: Double { start.duration(to: .now) / .seconds(1) }

    /// A number that changes whenever anything has moved, for the watch on standstill.
    package var movement: UInt64 { state.withLock { $0.movement } }

    package func enter(_ phase: TargetPhase, host: String) {
        update(host) { target in
            target.phase = phase
            if phase == .verifying {
                target.done = target.done.map { _ in 0 }
                target.data = 0
                target.rate = RateEstimator()
                target.dataRate = RateEstimator()
            }
            if phase == .done { target.done = files.map(\.size) }
        }
    }

    package func travels(by path: DataPath, host: String) {
        update(host) { $0.path = path }
    }

    /// What a target's agent told.
    package func received(_ progress: ReceivingProgress, host: String) {
        let now = elapsed
        update(host) { target in
            guard target.done != progress.done || target.wire != progress.wire else { return }
            target.done = progress.done
            target.data = progress.data
            target.wire = max(target.wire, progress.wire)
            target.rate.note(zip(files, progress.done).reduce(0) { $0 + min($1.0.size, $1.1) }, at: now)
            target.dataRate.note(progress.data, at: now)
        }
    }

    /// Bytes on the wire to a target so far.
    package func wireBytes(host: String) -> UInt64 {
        state.withLock { $0.targets.first { $0.host == host }?.wire ?? 0 }
    }

    /// How a target's bytes travel, once known.
    package func path(host: String) -> DataPath? {
        state.withLock { $0.targets.first { $0.host == host }?.path }
    }

    package func snapshot() -> ProgressSnapshot {
        let now = elapsed
        return state.withLock { state in
            ProgressSnapshot(elapsed: now, targets: state.targets.map { progress(of: $0) })
        }
    }

    private func update(_ host: String, _ change: (inout TargetState) -> Void) {
        state.withLock { state in
            guard let index = state.targets.firstIndex(where: { $0.host == host }) else { return }
            change(&state.targets[index])
            state.movement &+= 1
        }
    }

    private func progress(of target: TargetState) -> TargetProgress {
        let disks = zip(files, target.done).map { file, done in
            DiskProgress(
                disk: file.layer == 0 ? file.disk : "\(file.disk).\(file.layer)", done: min(done, file.size),
                total: file.size, used: file.used)
        }
        return TargetProgress(
            host: target.host, phase: target.phase, disks: disks, wireBytes: target.wire, rate: target.rate.rate,
            secondsLeft: secondsLeft(target), path: target.path)
    }

    /// Predicts from the data that is left, since holes cost nothing. While a copy runs that will be read back, the
    /// read-back is taken to be as fast as the copy.
    private func secondsLeft(_ target: TargetState) -> Double? {
        let rate = target.dataRate.rate
        guard rate > 0, target.dataRate.span >= 0.5 else { return nil }
        let used = files.reduce(UInt64(0)) { $0 + min($1.used, $1.size) }
        let left = Double(used > target.data ? used - target.data : 0)
        switch target.phase {
        case .copying: return (left + (verifies ? Double(used) : 0)) / rate
        case .verifying: return left / rate
        case .preparing, .connecting, .syncing, .publishing, .done, .failed, .cancelled: return nil
        }
    }
}
