import AgentProtocol
import Logging
import Model

/// Looks on while a copy runs: passes progress on, and gives the stop signal when nothing moves, when the time is
/// over, when the source VM starts, or when another process asks for it.
struct CopyWatch: Sendable {
    let operation: CopyOperation
    let tracker: ProgressTracker

    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await listen() }
            group.addTask { await tick() }
            if operation.plan.consistency == nil, !operation.plan.isSeed { group.addTask { await watchForStart() } }
            group.addTask { await ScratchWatch(operation: operation).run() }
            await group.waitForAll()
        }
    }

    /// Feeds the tracker from the targets' agents.
    private func listen() async {
        await withTaskGroup(of: Void.self) { group in
            for (target, planned) in zip(operation.targets, operation.plan.targets) {
                let receiving: TargetPhase = planned.sync?.isDelta ?? false ? .syncing : .copying
                group.addTask {
                    for await event in await target.agentEvents() {
                        switch event {
                        case .receiving(let progress) where progress.job == operation.job:
                            tracker.received(progress, during: receiving, host: target.name)
                        case .readingBack(let progress) where progress.job == operation.job:
                            tracker.received(progress, during: .verifying, host: target.name)
                        case .sending, .receiving, .readingBack, .linkLost, .lagging: break
                        }
                    }
                }
            }
            await group.waitForAll()
        }
    }

    /// Ten times a second: progress. Once a second: the journal, time-outs and requests to cancel.
    private func tick() async {
        let clock = ContinuousClock()
        let begin = clock.now
        var lastMove = begin
        var movement = tracker.movement
        var ticks = 0
        while !Task.isCancelled {
            do { try await clock.sleep(for: .milliseconds(100)) } catch { return }
            ticks += 1
            operation.emit(.progress(tracker.snapshot()))
            if tracker.movement != movement {
                movement = tracker.movement
                lastMove = clock.now
            }
            guard ticks.isMultiple(of: 10) else { continue }
            if lastMove.duration(to: clock.now) > .seconds(operation.options.stallTimeout) {
                operation.stop.stop(
                    KVMCloneError(
                        .timeout, "no progress for \(operation.options.stallTimeout) s",
                        whatToDo: "see `kvm-clone doctor`, or allow more with --timeout"), .keep)
            }
            if let deadline = operation.options.deadline, begin.duration(to: clock.now) > .seconds(deadline) {
                operation.stop.stop(
                    KVMCloneError(
                        .timeout, "not complete after \(deadline) s", whatToDo: "allow more with --deadline"), .keep)
            }
            await writeDown()
            await journal.checkForCancel()
        }
    }

    /// For whoever asks from another process.
    func writeDown() async { await journal.writeDown(tracker.snapshot()) }

    private var journal: JournalWatch {
        JournalWatch(
            id: operation.id, journal: operation.journal, stop: operation.stop, logger: operation.logger)
    }

    private func watchForStart() async {
        do {
            for await _ in try await operation.source.starts(ofDomain: operation.plan.vmUUID) {
                operation.stop.stop(
                    KVMCloneError(
                        .clone, "VM '\(operation.plan.vm)' was started while it was copied",
                        host: operation.source.name, whatToDo: "shut it down and copy it again"))
            }
        } catch {
            operation.logger.warning("no start events from the source", metadata: ["error": "\(error)"])
        }
    }
}
