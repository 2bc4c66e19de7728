import AgentProtocol
import DomainXML
import Logging
import Model

/// The order of a seeded migration: overlays on the running VM's disks, a verified copy of what is below, then the VM moves live
/// with its overlays, which are merged on both hosts. A break while it is copied costs nothing but the rest: the overlays stay
/// until it is gone on with, or cleaned up.
struct SeedRun: Sendable {
    let coordinator: Coordinator
    let request: CloneRequest
    let id: OperationID
    /// The run of the operation, from 1.
    let number: Int
    let source: any HostDriver
    let target: any HostDriver
    let uuid: String
    let stop: StopSignal
    let emit: @Sendable (OperationEvent) -> Void
    let ledger: Ledger

    /// What there is to begin with.
    enum Start: Sendable {
        /// Nothing; the plan of the copy.
        case begin(ClonePlan)
        /// Overlays of an earlier run, and the copy that was gone on with.
        case goOn(Overlays, TargetOutcome)
    }

    func run(_ start: Start) async -> TargetOutcome {
        let begin = ContinuousClock.now
        var copy: TargetOutcome?
        do throws(KVMCloneError) {
            let overlays: Overlays
            switch start {
            case .goOn(let earlier, let outcome): (overlays, copy) = (earlier, outcome)
            case .begin(let plan):
                overlays = try await layOverlays()
                var plan = plan
                plan.isSeed = true
                copy = try await seed(plan)
            }
            if let error = copy?.error { throw error }
            let live = try await live(overlays)
            var outcome = await live.run()
            outcome.logicalBytes += copy?.logicalBytes ?? 0
            outcome.wireBytes += copy?.wireBytes ?? 0
            outcome.seconds = begin.duration(to: .now) / .seconds(1)
            outcome.warnings = (copy?.warnings ?? []) + outcome.warnings
            return outcome
        } catch {
            return await end(error, copy, seconds: begin.duration(to: .now) / .seconds(1))
        }
    }

    /// The VM goes on with overlays from here on.
    private func layOverlays() async throws(KVMCloneError) -> Overlays {
        let facts = try await SourceFacts.gather(vm: request.vm, from: source, options: request.options)
        if let error = facts.findings.error(on: source.name) { throw error }
        let overlays = facts.overlays(for: id)
        guard overlays.disks.count == facts.domain.disks.filter(\.isWritten).count, !overlays.disks.isEmpty else {
            throw KVMCloneError(
                .clone, "not all disks of '\(request.vm)' can get overlays", host: source.name,
                whatToDo: "move it --live")
        }
        guard try await source.replica(named: request.vm) == nil else {
            throw KVMCloneError(
                .clone, "there is a replica of '\(request.vm)' on its own host", host: source.name,
                whatToDo: "remove it and its disks")
        }
        let fence = MigrationRun.fence(run: number - 1) + 1
        try await ledger.perform(.claim(host: source.name)) { () throws(KVMCloneError) in
            _ = try await source.call(Claim(.source(uuid: uuid), operation: id.description, fence: fence))
        }
        let others = facts.domain.disks.map(\.target).filter { target in
            !overlays.disks.contains { $0.target == target }
        }
        let xml: String
        do throws(DomainXMLError) {
            xml = try OverlayRequest(
                overlays: Dictionary(overlays.disks.map { ($0.target, overlays.path($0.overlay)) }) { first, _ in
                    first
                }, others: others
            ).xml
        } catch {
            throw KVMCloneError(.clone, "the overlays' XML can't be made", host: source.name, cause: "\(error)")
        }
        try await ledger.perform(.seed(overlays)) { () throws(KVMCloneError) in
            try await source.addOverlays(toDomain: uuid, xml: xml)
        }
        // The copy claims it by itself.
        _ = try await source.call(ReleaseClaims(operation: id.description, fence: fence))
        return overlays
    }

    /// The number with which the copy claims, after that for the overlays.
    static func fence(ofCopyIn run: Int) -> Int { MigrationRun.fence(run: run - 1) + 2 }

    /// The request of the copy.
    static func copying(_ request: CloneRequest) -> CloneRequest {
        var request = request
        request.kind = .sync
        request.options.checkpoint = false
        return request
    }

    /// Copies what lies below the overlays.
    private func seed(_ plan: ClonePlan) async throws(KVMCloneError) -> TargetOutcome {
        var attempt = Attempt(number: Self.fence(ofCopyIn: number), steps: [])
        attempt.isFresh = true
        var plan = plan
        // They were told when the migration began.
        plan.findings = []
        for place in plan.targets.indices { plan.targets[place].findings = [] }
        let work = try await coordinator.work(plan, Self.copying(request), stop: stop)
        let outcomes = await coordinator.carryOut(
            work, id: id, attempt: attempt, emit: MigrationRun.passed(to: emit))
        guard let outcome = outcomes.first else { throw KVMCloneError(.general, "a copy without an outcome") }
        return outcome
    }

    /// The second part. Throws when the first hasn't proved that the disks are the same.
    private func live(_ overlays: Overlays) async throws(KVMCloneError) -> LiveRun {
        if let reason = stop.reason { throw reason }
        try await endCopy()
        guard let replica = try await target.replica(named: request.vm), replica.record.operation == "\(id)",
            !replica.record.needsMerge, replica.record.verified == replica.record.taken
        else {
            throw KVMCloneError(
                .sync, "the copy of the disks of '\(request.vm)' isn't verified, or was changed since",
                host: target.name, whatToDo: "leave it alone, and run it again", exitCode: .tryAgain)
        }
        let before = try await SourceFacts.gather(
            vm: request.vm, from: source, options: request.options, definition: overlays.definition)
        if let error = before.findings.error(on: source.name) { throw error }
        let remains = Departure.remains(
            before, by: id, on: target.name, taken: replica.record.taken, isVerified: false)
        let seed = LiveSeed(overlays: overlays, replica: replica, remains: remains)
        let files = seed.files
        guard try await source.domain(named: request.vm)?.state == .running else {
            throw KVMCloneError(
                .clone, "VM '\(request.vm)' doesn't run any more", host: source.name,
                whatToDo: "start it, or move it --cold: what was copied is used")
        }
        let place = ClonePlan.Target(
            host: target.name, newName: request.vm, uuid: uuid, pool: "", folder: replica.folder,
            fileNames: LivePlanner.names(files, vm: request.vm, replica: replica), macs: [], findings: [],
            xml: replica.record.xml)
        let plan = ClonePlan(
            kind: .migrate, vm: request.vm, vmUUID: uuid, source: source.name, files: files, targets: [place],
            findings: [])
        return LiveRun(
            coordinator: coordinator, request: request, plan: plan, place: place, id: id, number: number,
            source: source, target: target, stop: stop,
            emit: { [emit] event in
                guard case .started(var start) = event else { return emit(event) }
                start.pass = 2
                emit(.started(start))
            }, ledger: ledger, seed: seed)
    }

    /// Ends what the copy couldn't: the disks are to be written again.
    private func endCopy() async throws(KVMCloneError) {
        let own = Set(ledger.records.map(\.number))
        let left = try await coordinator.journal.openSteps(of: id).filter { !own.contains($0.number) }
        guard !left.isEmpty else { return }
        let undoing = Undoing(
            operation: id, journal: coordinator.journal, hosts: coordinator.hosts, logger: coordinator.logger,
            run: Self.fence(ofCopyIn: number))
        if let error = await undoing.end(left).compactMap(\.error).first { throw error }
    }

    /// Ends it where it didn't come to move: what can be gone on with stays, overlays and all; else they are taken off.
    private func end(_ failure: KVMCloneError, _ copy: TargetOutcome?, seconds: Double) async -> TargetOutcome {
        var outcome =
            copy
            ?? TargetOutcome(
                host: target.name, newName: request.vm, error: nil, verified: false, logicalBytes: 0, wireBytes: 0,
                seconds: 0, path: nil, warnings: [])
        (outcome.verified, outcome.seconds) = (false, seconds)
        let error = (stop.reason ?? failure).on(target.name)
        if outcome.kept != nil, stop.ending != .undo {
            outcome.error = error.kept(by: id)
            outcome.warnings.append(
                "the VM runs on \(source.name) with overlays on its disks until then")
        } else {
            outcome.kept = nil
            outcome.warnings += await shielded { [self] in
                let records = ledger.records
                let undoing = Undoing(
                    operation: id, journal: coordinator.journal, hosts: coordinator.hosts, logger: coordinator.logger,
                    run: MigrationRun.fence(run: number))
                let entries = await undoing.end(records)
                ledger.drop(Set(records.map(\.number)))
                return entries.complaints
            }
            outcome.error = error.undone
        }
        emit(.phase(host: target.name, phase: error.code == .cancelled ? .cancelled : .failed, detail: nil))
        emit(.targetEnded(outcome))
        return outcome
    }
}

extension Step {
    var isSeed: Bool { if case .seed = self { true } else { false } }
}
