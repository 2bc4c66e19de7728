import AgentProtocol
import Logging
import Model

extension CopyOperation {
    /// Seconds without progress after which an agent gives a peer up. The watch over the whole operation comes
    /// first, for it says what was asked for; this one is for a single target among others that go on.
    var peerStallTimeout: Int { options.stallTimeout + 10 }

    /// The job's id on all agents.
    var job: HexBytes { .job(of: id, run: attempt.number) }
}

/// The order of the work: source first, then all targets at once, each to its own end.
struct CopyRun: Sendable {
    let operation: CopyOperation
    let tracker: ProgressTracker
    let ledger: Ledger
    let secret: JobSecret

    init(operation: CopyOperation, tracker: ProgressTracker) {
        self.operation = operation
        self.tracker = tracker
        ledger = Ledger(
            operation: operation.id, journal: operation.journal, attempt: operation.attempt, logger: operation.logger)
        secret = JobSecret(.random(32))
    }

    func run() async -> [TargetOutcome] {
        await operation.budgets.begin(operation.id)
        let opened: OpenSend.Response
        let backup: RunningSource.Begun?
        do {
            (opened, backup) = try await openSource()
        } catch {
            await releaseSource(keeping: operation.attempt.continues)
            return await undoIfAsked(await failAll(error))
        }
        let line = StartingLine(count: operation.targets.count)
        let digests = SourceDigests { [operation, ledger] () throws(KVMCloneError) in
            try await ComparisonOpening(operation: operation, ledger: ledger).source(socket: backup?.socket)
        }
        let taken = Timestamp.now
        let keeper = TreeKeeper(operation: operation, source: opened)
        let joining = Task {
            _ = await line.everyone()
            return await keeper.join()
        }
        let verdict = SendingVerdict()
        let sending = Task {
            let result = await send(after: line, joining, keeper)
            verdict.value = result
            return result
        }
        let losses = Task { await listen(keeper) }
        let pulse = Task { await Pulse(operation: operation, keeper: keeper).run() }
        let clock = Task { await operation.budgets.keepTime() }
        let repairs = Task {
            guard operation.isInTrees, case .success = await sending.value else { return }
            await Repairs(operation: operation, keeper: keeper).run()
        }
        var outcomes = await withTaskCancellationHandler {
            await together { index in
                await TargetRun(
                    operation: operation, tracker: tracker, ledger: ledger, index: index, secret: secret,
                    source: opened, keeper: keeper, verdict: verdict, digests: digests, taken: taken, backup: backup
                ).run(from: line, joining: joining, sending: sending)
            }
        } onCancel: {
            joining.cancel()
            sending.cancel()
        }
        outcomes = await undoIfAsked(outcomes)
        for task in [losses, repairs, clock] { task.cancel() }
        sending.cancel()
        let hasSucceeded = outcomes.contains { $0.error == nil }
        await shielded { [self] in
            if let checkpoint = backup?.checkpoint, hasSucceeded {
                await RunningSource(operation: operation, ledger: ledger).keepCheckpoint(checkpoint)
            }
            await learn(from: keeper.pace)
            await operation.budgets.end(operation.id)
        }
        await releaseSource(keeping: outcomes.contains { $0.kept != nil })
        pulse.cancel()
        return outcomes
    }

    /// Passes on what agents tell of each other.
    private func listen(_ keeper: TreeKeeper) async {
        await withTaskGroup(of: Void.self) { group in
            for driver in [operation.source] + operation.targets {
                group.addTask {
                    for await event in await driver.agentEvents() {
                        switch event {
                        case .linkLost(let loss) where loss.job == operation.job:
                            // Each by itself: joining takes a while.
                            Task { await keeper.lost(loss, toldBy: driver.name) }
                        case .lagging(let child) where child.job == operation.job:
                            await keeper.lags(child.child, toldBy: driver.name)
                        case .sending, .receiving, .readingBack, .linkLost, .lagging: break
                        }
                    }
                }
            }
        }
    }

    /// Sends once every target is joined or has failed.
    private func send(
        after line: StartingLine, _ joining: Task<[String: Result<TreeKeeper.Joined, KVMCloneError>], Never>,
        _ keeper: TreeKeeper
    ) async -> Result<Send.Response, KVMCloneError> {
        do throws(KVMCloneError) {
            let joined = await joining.value.values.filter { if case .success = $0 { true } else { false } }
            guard await line.everyone() > 0, !joined.isEmpty else {
                throw KVMCloneError(.transfer, "no target is left", host: operation.source.name)
            }
            if await keeper.nobodyLacksAnything {
                _ = try await operation.source.call(RunDry(job: operation.job))
            }
            let begin = ContinuousClock.now
            let sent = try await operation.source.call(Send(job: operation.job, ranges: await keeper.ranges))
            keeper.pace.sent(sent, in: begin.duration(to: .now))
            operation.logStages("sent", sent.stages, host: operation.source.name)
            operation.logger.debug(
                "read",
                metadata: [
                    "host": "\(operation.source.name)", "data_bytes": "\(sent.dataBytes)",
                    "digest_bytes": "\(sent.hashedBytes)",
                ])
            return .success(sent)
        } catch {
            return .failure(error)
        }
    }

    /// The source's disks, opened; and the backup that shows them, if it runs.
    private func openSource() async throws(KVMCloneError) -> (OpenSend.Response, RunningSource.Begun?) {
        let host = operation.source.name
        let plan = operation.plan
        try await ledger.perform(.claim(host: host)) { () throws(KVMCloneError) in
            try await operation.claim(.source(uuid: plan.vmUUID), on: operation.source)
        }
        let profile = try await operation.source.profile()
        let isRunning = plan.consistency != nil
        let backup =
            isRunning ? try await RunningSource(operation: operation, ledger: ledger).begin() : nil
        let opened = try await ledger.perform(.openSend(host: host, job: operation.job)) {
            () throws(KVMCloneError) in
            try await operation.source.call(request(roots: profile.pools.values.sorted(), backup))
        }
        guard opened.sizes.count == plan.files.count else {
            throw KVMCloneError(
                .connection, "the agent has opened \(opened.sizes.count) disks instead of \(plan.files.count)",
                host: host)
        }
        // A running VM that ends takes its backup with it.
        if isRunning { return (opened, backup) }
        let record = try await operation.source.domain(named: plan.vm)
        if plan.isSeed {
            try Overlays.check(record, plan, on: host)
            return (opened, nil)
        }
        if plan.isUndefined {
            guard record == nil else {
                throw KVMCloneError(
                    .clone, "VM '\(plan.vm)' was defined again while it was moved", host: host,
                    whatToDo: "find out by whom, and run it again", exitCode: .tryAgain)
            }
            return (opened, nil)
        }
        // A start before the locks were held would have gone unseen.
        guard let record, record.uuid == plan.vmUUID, record.state == .stopped else {
            throw KVMCloneError(
                .clone, "VM '\(plan.vm)' was started or removed since it was looked at", host: host,
                whatToDo: "shut it down and copy it again", exitCode: .preflight)
        }
        return (opened, nil)
    }

    private func request(roots: [String], _ backup: RunningSource.Begun?) -> OpenSend {
        let options = operation.options
        return OpenSend(
            job: operation.job, secret: secret, operation: operation.id.description,
            disks: operation.plan.files.map {
                $0.opened(
                    as: operation.plan.exportName(of: $0), socket: backup?.socket, withBitmap: backup?.since != nil,
                    bitmap: operation.plan.writtenSince)
            },
            roots: roots, streams: operation.streams, digests: operation.wantsRoots,
            compression: operation.compression, bandwidthLimit: operation.budgets.limit(of: options),
            stallTimeout: operation.peerStallTimeout, frameSize: operation.frameSize, inTrees: operation.isInTrees)
    }

    /// Ends the source's part. When some of the copies are to be gone on with, what it knows of its disks stays.
    private func releaseSource(keeping: Bool) async {
        await shielded { [ledger, operation] in
            // An agent that is gone has kept what it could.
            if keeping { _ = try? await operation.source.call(Suspend(job: operation.job)) }
            for complaint in await ledger.undo(on: operation.source) {
                operation.emit(.warning(host: operation.source.name, message: complaint))
            }
        }
    }

    private func failAll(_ error: KVMCloneError) async -> [TargetOutcome] {
        let error = operation.stop.reason ?? error
        return operation.plan.targets.map { target in
            tracker.enter(error.code == .cancelled ? .cancelled : .failed, host: target.host)
            let outcome = TargetOutcome(
                host: target.host, newName: target.newName, error: error, verified: false, logicalBytes: 0,
                wireBytes: 0, seconds: tracker.elapsed, path: nil, warnings: [],
                kept: ledger.holdsFiles(on: target.host) ? 0 : nil)
            operation.emit(.targetEnded(outcome))
            return outcome
        }
    }

    /// Somebody may have thought better of keeping what was copied while that was made durable.
    private func undoIfAsked(_ outcomes: [TargetOutcome]) async -> [TargetOutcome] {
        guard operation.stop.ending == .undo else { return outcomes }
        return await shielded { [ledger, operation] in
            await withTaskGroup(of: (Int, TargetOutcome).self) { group in
                for (place, outcome) in outcomes.enumerated() {
                    group.addTask {
                        guard outcome.kept != nil else { return (place, outcome) }
                        var outcome = outcome
                        outcome.warnings += await ledger.undo(on: operation.targets[place])
                        outcome.kept = nil
                        outcome.error = operation.stop.reason?.undone.on(outcome.host) ?? outcome.error
                        return (place, outcome)
                    }
                }
                return await group.reduce(into: outcomes) { $0[$1.0] = $1.1 }
            }
        }
    }

    private func together(_ work: @escaping @Sendable (Int) async -> TargetOutcome) async -> [TargetOutcome] {
        await withTaskGroup(of: (Int, TargetOutcome).self) { group in
            for index in operation.targets.indices { group.addTask { (index, await work(index)) } }
            var outcomes: [Int: TargetOutcome] = [:]
            for await (index, outcome) in group { outcomes[index] = outcome }
            return operation.targets.indices.compactMap { outcomes[$0] }
        }
    }
}

extension OpenSend.Compression {
    init(_ choice: CloneOptions.Compression) {
        switch choice {
        case .auto: self = .auto
        case .on: self = .on
        case .off: self = .off
        }
    }
}
