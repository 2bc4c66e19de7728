import AgentProtocol
import Logging
import Model

/// One target's way from nothing to a defined, verified copy, or back to nothing.
struct TargetRun: Sendable {
    let operation: CopyOperation
    let tracker: ProgressTracker
    let ledger: Ledger
    let index: Int
    let secret: JobSecret
    let source: OpenSend.Response
    let keeper: TreeKeeper
    let verdict: SendingVerdict
    /// What the source's disks are like, for targets that get only what has changed.
    let digests: SourceDigests
    /// When the source's disks were in the state that is copied.
    let taken: String
    /// The backup that shows the disks of a source that runs.
    let backup: RunningSource.Begun?
    let suspension = Suspension()

    typealias Joining = Task<[String: Result<TreeKeeper.Joined, KVMCloneError>], Never>
    typealias Sending = Task<Result<Send.Response, KVMCloneError>, Never>

    var driver: any HostDriver { operation.targets[index] }
    var target: ClonePlan.Target { operation.plan.targets[index] }
    var host: String { target.host }

    /// Goes all the way. A failure at any step rolls this target back, or keeps what it has for a later run; the others
    /// don't notice.
    func run(from line: StartingLine, joining: Joining, sending: Sending) async -> TargetOutcome {
        do throws(KVMCloneError) {
            let opened: OpenReceive.Response
            let found: FoundChanges?
            do throws(KVMCloneError) {
                enter(.preparing)
                try await ledger.perform(.claim(host: host)) { () throws(KVMCloneError) in
                    try await operation.claim(.target(name: target.newName), on: driver)
                }
                found = try await findChanges()
                opened = try await prepare(found?.ranges)
                let missing =
                    if let found { found.ranges } else { try await goOn(with: opened.kept) }
                await keeper.isReady(host, driver: driver, salt: opened.salt, missing: missing)
                await line.arrive(ready: true)
            } catch {
                await line.arrive(ready: false)
                throw error
            }
            try await connect(joining)
            let sent = try await receive(sending)
            await keeper.finish(host)
            let isVerified = if let found { try await verify(found.ranges) } else { try await verify(sent) }
            await keeper.depart(host)
            let warnings = try await publish(
                opened.files, isVerified: isVerified && found?.areCompared ?? true)
            enter(.done, detail: target.sync.map { "generation \($0.next.generation)" })
            var outcome = outcome(error: nil, isVerified: isVerified, warnings: warnings)
            if let found { outcome.logicalBytes = found.ranges.bytes }
            return end(outcome)
        } catch {
            await keeper.fail(host)
            return await fail(operation.stop.reason ?? error)
        }
    }

    /// Makes the partial files; overlays for what is changed.
    private func prepare(_ changes: DiskRanges?) async throws(KVMCloneError) -> OpenReceive.Response {
        let opened = try await ledger.perform(
            .openReceive(host: host, job: operation.job, folders: [target.folder])
        ) { () throws(KVMCloneError) in
            try await driver.call(openRequest(changes))
        }
        guard opened.files.count == operation.plan.files.count else {
            throw KVMCloneError(
                .connection,
                "the agent has made \(opened.files.count) files instead of \(operation.plan.files.count)", host: host)
        }
        return opened
    }

    /// Waits until the target's links stand.
    private func connect(_ joining: Joining) async throws(KVMCloneError) {
        enter(.connecting)
        guard let answer = await joining.value[host] else {
            throw KVMCloneError(.connection, "the target was not joined to anybody", host: host)
        }
        let joined = try answer.get()
        if let path = joined.path { tracker.travels(by: path, host: host) }
        for note in joined.notes { operation.emit(.warning(host: host, message: note)) }
    }

    private func openRequest(_ changes: DiskRanges?) -> OpenReceive {
        OpenReceive(
            job: operation.job, secret: secret, senderSalt: source.salt, operation: operation.id.description,
            disks: operation.plan.files.enumerated().map { place, file in
                let base = changes.flatMap { target.base(of: place, wanted: $0.disks[place]) }
                return OpenReceive.Disk(
                    index: file.index, folder: target.folder, fileName: target.fileNames[place],
                    size: source.sizes[place], format: base != nil ? "qcow2" : file.guestView ? file.format : "raw",
                    generation: changes == nil && source.generations.indices.contains(place)
                        ? source.generations[place] : nil, base: base)
            }, streams: operation.streams, digests: operation.options.verify && changes == nil,
            stallTimeout: operation.peerStallTimeout, inTrees: operation.isInTrees,
            continues: operation.attempt.continues)
    }

    /// Receives until everything is durable.
    private func receive(_ sending: Sending) async throws(KVMCloneError) -> Send.Response {
        enter(target.sync?.isDelta ?? false ? .syncing : .copying)
        // A target waits for bytes that won't come once the source has failed. What it has may be worth keeping.
        let guardian = Task {
            if case .failure = await sending.value { await suspension.suspend(operation.job, on: driver) }
        }
        defer { guardian.cancel() }
        do throws(KVMCloneError) {
            let received = try await driver.call(Receive(job: operation.job))
            operation.logStages("received", received.stages, host: host)
            keeper.pace.received(received, by: host)
        } catch {
            throw await cause(of: error)
        }
        let sent = try await sending.value.get()
        // In a tree it got everything all the same.
        if !operation.isInTrees, let failure = sent.targets.first(where: { $0.peer == host })?.failure {
            throw KVMCloneError(.transfer, "the source gave this target up", host: host, cause: failure)
        }
        return sent
    }

    /// A target whose peer vanished knows less than the source does: when the source has failed, that is the cause.
    private func cause(of error: KVMCloneError) async -> KVMCloneError {
        switch error.code {
        case .connection, .operationNotFound, .transfer: break
        // The guardian has closed the job: nobody has asked for a stop.
        case .cancelled where !Task.isCancelled: break
        default: return error
        }
        let deadline = ContinuousClock.now + .seconds(3)
        while ContinuousClock.now < deadline {
            if let verdict = verdict.value {
                if case .failure(let cause) = verdict { return cause }
                return error
            }
            do { try await Task.sleep(for: .milliseconds(20)) } catch { break }
        }
        return error
    }

    func enter(_ phase: TargetPhase, detail: String? = nil) {
        tracker.enter(phase, host: host)
        operation.emit(.phase(host: host, phase: phase, detail: detail))
        operation.logger.debug("phase", metadata: ["host": "\(host)", "phase": "\(phase.rawValue)"])
    }

    private func fail(_ error: KVMCloneError) async -> TargetOutcome {
        if operation.keeps(after: error), let kept = await shielded({ await keep() }) {
            enter(error.code == .cancelled ? .cancelled : .failed, detail: "\(error)")
            var outcome = outcome(error: error.on(host).kept(by: operation.id), isVerified: false, warnings: [])
            outcome.kept = kept
            return end(outcome)
        }
        let complaints = await shielded { [ledger, driver] in await ledger.undo(on: driver) }
        let error = error.undone
        enter(error.code == .cancelled ? .cancelled : .failed, detail: "\(error)")
        return end(outcome(error: error.on(host), isVerified: false, warnings: complaints))
    }

    private func outcome(error: KVMCloneError?, isVerified: Bool, warnings: [String]) -> TargetOutcome {
        TargetOutcome(
            host: host, newName: target.newName, error: error, verified: isVerified,
            logicalBytes: error == nil ? operation.plan.totalBytes : 0, wireBytes: tracker.wireBytes(host: host),
            seconds: tracker.elapsed, path: tracker.path(host: host), warnings: warnings)
    }

    private func end(_ outcome: TargetOutcome) -> TargetOutcome {
        operation.emit(.targetEnded(outcome))
        return outcome
    }
}
