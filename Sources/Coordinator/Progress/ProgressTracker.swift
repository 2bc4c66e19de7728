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
        var dataRate = RateEstimator()
        /// The most that was told of the whole work; it never falls.
        var fraction = 0.0
        /// Bytes that were found to be changed so far, where only those are sent.
        var changed: UInt64?
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
        state = Mutex(
            State(
                targets: plan.targets.map {
                    TargetState(host: $0.host, done: blank, changed: $0.sync?.isDelta ?? false ? 0 : nil)
                }))
    }

    /// Seconds since the operation began.
    package var elapsed: Double { start.duration(to: .now) / .seconds(1) }

    /// A number that changes whenever anything has moved, for the watch on standstill.
    package var movement: UInt64 { state.withLock { $0.movement } }

    package func enter(_ phase: TargetPhase, host: String) {
        update(host) { target in
            target.phase = phase
            switch phase {
            case .verifying, .syncing:
                target.done = target.done.map { _ in 0 }
                target.data = 0
                target.dataRate = RateEstimator()
            case .publishing, .done:
                // The last report may be still on its way.
                target.done = files.map(\.size)
            case .preparing, .connecting, .copying, .comparing, .moving, .shuttingDown, .starting, .failed, .cancelled:
                break
            }
            return true
        }
    }

    /// So many bytes of a target's replica were found to be changed.
    package func found(changed bytes: UInt64, host: String) {
        update(host) { target in
            defer { target.changed = bytes }
            return target.changed != bytes
        }
    }

    package func travels(by path: DataPath, host: String) {
        update(host) { target in
            target.path = path
            return true
        }
    }

    /// What a target's agent told while it was at `phase`. Reports may come late: one of a pass that is over counts
    /// for nothing but the wire, and no number falls.
    package func received(_ progress: ReceivingProgress, during phase: TargetPhase, host: String) {
        let now = elapsed
        update(host) { target in
            let before = (target.wire, target.done, target.data)
            target.wire = max(target.wire, progress.wire)
            if target.phase == phase, progress.done.count == target.done.count {
                target.done = zip(target.done, progress.done).map { max($0, $1) }
                target.data = max(target.data, progress.data)
                target.dataRate.note(target.data, at: now)
            }
            return before != (target.wire, target.done, target.data)
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
            for index in state.targets.indices {
                state.targets[index].fraction = max(state.targets[index].fraction, fraction(state.targets[index]))
            }
            return ProgressSnapshot(elapsed: now, targets: state.targets.map { progress(of: $0) })
        }
    }

    /// `change` says whether anything has moved.
    private func update(_ host: String, _ change: (inout TargetState) -> Bool) {
        state.withLock { state in
            guard let index = state.targets.firstIndex(where: { $0.host == host }) else { return }
            if change(&state.targets[index]) { state.movement &+= 1 }
        }
    }

    private func progress(of target: TargetState) -> TargetProgress {
        TargetProgress(
            host: target.host, phase: target.phase, disks: disks(of: target), data: target.data,
            fraction: target.fraction, wireBytes: target.wire, rate: target.dataRate.rate,
            secondsLeft: secondsLeft(target), path: target.path)
    }

    /// Agents tell data for all disks together, so that with several nobody knows of one.
    private func disks(of target: TargetState) -> [DiskProgress] {
        zip(files, target.done).map { file, done in
            DiskProgress(
                disk: file.layer == 0 ? file.disk : "\(file.disk).\(file.layer)", done: min(done, file.size),
                total: file.size, used: min(file.used, file.size), data: files.count == 1 ? target.data : nil)
        }
    }

    /// The share of copying and, where that was asked for, reading back, which counts as much.
    private func fraction(_ target: TargetState) -> Double {
        if let changed = target.changed { return fraction(target, changed: changed) }
        let passes = verifies ? 2.0 : 1
        let progress = TargetProgress(
            host: target.host, phase: target.phase, disks: disks(of: target), data: target.data, fraction: 0,
            wireBytes: 0, rate: 0, secondsLeft: nil, path: nil)
        switch target.phase {
        case .copying, .syncing, .comparing: return progress.share.fraction / passes
        case .verifying: return (1 + progress.share.fraction) / passes
        case .publishing, .moving, .shuttingDown, .starting, .done: return 1
        case .preparing, .connecting, .failed, .cancelled: return 0
        }
    }

    /// The share of the bytes that are compared, sent and read back, as far as it is known how many that are.
    private func fraction(_ target: TargetState, changed: UInt64) -> Double {
        let used = Double(files.reduce(UInt64(0)) { $0 + min($1.used, $1.size) })
        let all = used + 2 * Double(changed)
        guard all > 0 else { return target.phase == .done ? 1 : 0 }
        let data = Double(min(target.data, changed))
        switch target.phase {
        case .comparing:
            let size = Double(files.reduce(UInt64(0)) { $0 + $1.size })
            return Double(target.done.reduce(0, +)) / max(size, 1) * used / all
        case .syncing: return (used + data) / all
        case .verifying: return (used + Double(changed) + data) / all
        case .publishing, .moving, .shuttingDown, .starting, .done: return 1
        case .copying, .preparing, .connecting, .failed, .cancelled: return 0
        }
    }

    /// Predicts from the data that is left, since holes cost nothing. While a copy runs that will be read back, the
    /// read-back is taken to be as fast as the copy.
    private func secondsLeft(_ target: TargetState) -> Double? {
        let rate = target.dataRate.rate
        guard rate > 0, target.dataRate.span >= 0.5 else { return nil }
        let used = files.reduce(UInt64(0)) { $0 + min($1.used, $1.size) }
        let left = Double(used > target.data ? used - target.data : 0)
        switch target.phase {
        case .copying, .comparing: return (left + (verifies ? Double(used) : 0)) / rate
        case .verifying: return left / rate
        case .preparing, .connecting, .syncing, .publishing, .moving, .shuttingDown, .starting, .done, .failed,
            .cancelled:
            return nil
        }
    }
}
