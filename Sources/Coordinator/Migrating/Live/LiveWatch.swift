import AgentProtocol
import Logging
import Model
import Synchronization

/// Looks on while a VM moves: tells how far it is, does what was asked for where it doesn't come to an end, and ends it when
/// that is asked for.
struct LiveWatch: Sendable {
    let run: LiveRun
    let tunnel: LiveTunnel?
    let path: DataPath?

    private struct State {
        var fraction = 0.0
        var iteration: UInt64 = 0
        var hasWarned = false
        var hasDowntime = false
        var hasSwitched = false
        var isPaused = false
        var isAborted = false
        var moved: UInt64 = 0
        var total: UInt64 = 0
        var wire: UInt64 = 0
        var lastMove = ContinuousClock.now
    }

    private static let pause = Duration.milliseconds(250)

    private var journal: JournalWatch {
        JournalWatch(
            id: run.id, journal: run.coordinator.journal, stop: run.stop, logger: run.coordinator.logger)
    }

    /// Until it is cancelled. Answers bytes that were moved, and those on the wire.
    func watch() async -> (moved: UInt64, wire: UInt64) {
        let begin = ContinuousClock.now
        var state = State()
        var ticks = 0
        while !Task.isCancelled {
            do { try await Task.sleep(for: Self.pause) } catch { break }
            ticks += 1
            if ticks.isMultiple(of: 4) { await journal.checkForCancel() }
            await abortIfAsked(&state)
            // Before it begins and once it is over there is nothing to tell; a host that doesn't answer ends the call itself.
            guard let now = try? await run.source.migrationProgress(ofDomain: run.uuid) else { continue }
            if let bytes = await tunnel?.wireBytes() { state.wire = bytes }
            let snapshot = tell(now, begin.duration(to: .now) / .seconds(1), &state)
            if ticks.isMultiple(of: 4) { await journal.writeDown(snapshot) }
            await steer(now, since: begin, &state)
        }
        return (state.total, state.wire)
    }

    private func abortIfAsked(_ state: inout State) async {
        guard run.stop.reason != nil, !state.isAborted else { return }
        do throws(KVMCloneError) {
            try await run.source.steer(migrationOf: run.uuid, .abort)
            state.isAborted = true
        } catch {
            // It hasn't begun, or is over; else it is tried again.
            run.coordinator.logger.debug("not aborted", metadata: ["error": "\(error)"])
        }
    }

    private func tell(_ now: LiveProgress, _ elapsed: Double, _ state: inout State) -> ProgressSnapshot {
        let done = { (total: UInt64, left: UInt64) in total > left ? total - left : 0 }
        let (disks, memory) = (done(now.diskTotal, now.diskRemaining), done(now.memoryTotal, now.memoryRemaining))
        state.total = now.diskTotal + now.memoryTotal
        if disks + memory != state.moved {
            state.moved = disks + memory
            state.lastMove = .now
        }
        state.fraction = max(
            state.fraction, state.total > 0 ? min(0.99, Double(disks + memory) / Double(state.total)) : 0)
        var parts: [DiskProgress] = []
        if now.diskTotal > 0 {
            parts.append(DiskProgress(disk: "disks", done: disks, total: now.diskTotal, used: now.diskTotal))
        }
        if now.memoryTotal > 0 {
            parts.append(
                DiskProgress(disk: "memory", done: memory, total: now.memoryTotal, used: now.memoryTotal))
        }
        let rate = now.iteration > 0 ? now.memoryRate : now.diskRate
        let snapshot = ProgressSnapshot(
            elapsed: elapsed,
            targets: [
                TargetProgress(
                    host: run.target.name, phase: .moving, disks: parts, fraction: state.fraction,
                    wireBytes: state.wire, rate: Double(rate), secondsLeft: Self.secondsLeft(now), path: path)
            ])
        run.emit(.progress(snapshot))
        if now.iteration > state.iteration {
            state.iteration = now.iteration
            let left = "\(ByteCount.format(now.memoryRemaining)) of memory left"
            let writes = now.dirtyRate > 0 ? ", the guest writes \(ByteCount.format(now.dirtyRate))/s" : ""
            let pause = now.downtime.map { ", a pause of about \($0) ms" } ?? ""
            run.emit(.phase(host: run.target.name, phase: .moving, detail: left + writes + pause))
        }
        return snapshot
    }

    /// Seconds until it has moved, as rates are now; nil while that can't be told, or when there is no end to it.
    static func secondsLeft(_ now: LiveProgress) -> Double? {
        var seconds = 0.0
        if now.diskRemaining > 0 {
            guard now.diskRate > 0 else { return nil }
            seconds += Double(now.diskRemaining) / Double(now.diskRate)
        }
        // Memory comes after the disks, over the same way.
        let rate = now.iteration > 0 ? now.memoryRate : now.diskRate
        guard rate > now.dirtyRate else { return nil }
        return seconds + Double(now.memoryRemaining) / Double(rate - now.dirtyRate)
    }

    /// Whether the guest writes about as fast as its memory moves.
    static func converges(_ now: LiveProgress) -> Bool {
        now.iteration < 3 || Double(now.dirtyRate) < 0.8 * Double(now.memoryRate)
    }

    private func steer(_ now: LiveProgress, since begin: ContinuousClock.Instant, _ state: inout State) async {
        let options = run.request.options
        let wanted = options.migration
        if let downtime = wanted.downtime, !state.hasDowntime {
            state.hasDowntime = await act(.downtime(UInt64(downtime * 1000)))
        }
        let elapsed = begin.duration(to: .now)
        if let deadline = options.deadline, elapsed > .seconds(deadline) {
            run.stop.stop(
                KVMCloneError(
                    .timeout, "it had not moved after \(deadline) s", whatToDo: "allow more with --deadline"), .undo)
        }
        if state.lastMove.duration(to: .now) > .seconds(options.stallTimeout) {
            run.stop.stop(
                KVMCloneError(.timeout, "nothing moved for \(options.stallTimeout) s", whatToDo: "see --timeout"), .undo
            )
        }
        if let seconds = wanted.pauseAfter, elapsed > .seconds(seconds), !state.isPaused {
            state.isPaused = await act(.pause)
            if state.isPaused { warn("the guest is paused until it has moved, after \(seconds) s") }
        }
        guard !Self.converges(now), !state.isPaused else { return }
        if wanted.postCopy, !state.hasSwitched {
            state.hasSwitched = await act(.postCopy)
            if state.hasSwitched { warn("the guest goes on there; the rest of its memory follows (post-copy)") }
        } else if !wanted.postCopy, !state.hasWarned {
            state.hasWarned = true
            warn(
                "it does not converge: the guest writes \(ByteCount.format(now.dirtyRate))/s to its memory, and "
                    + "\(ByteCount.format(now.memoryRate))/s move; stop it, or see --auto-converge, --post-copy, "
                    + "--downtime and --pause-after")
        }
    }

    private func act(_ steering: LiveSteering) async -> Bool {
        do throws(KVMCloneError) {
            try await run.source.steer(migrationOf: run.uuid, steering)
            return true
        } catch {
            run.coordinator.logger.debug("not steered", metadata: ["to": "\(steering)", "error": "\(error)"])
            return false
        }
    }

    private func warn(_ message: String) { run.emit(.warning(host: run.target.name, message: message)) }
}
