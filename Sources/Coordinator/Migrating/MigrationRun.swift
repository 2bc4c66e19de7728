import AgentProtocol
import Logging
import Model

/// The order of a cold or warm migration: copies while the VM runs, its shutdown, its leaving, the last copy, its start on the
/// new host. Until it belongs to that one, whatever fails takes all of it back.
struct MigrationRun: Sendable {
    let coordinator: Coordinator
    let request: CloneRequest
    let choice: MigrationChoice
    let id: OperationID
    /// The run of the operation, from 1.
    let number: Int
    let source: any HostDriver
    let target: any HostDriver
    let uuid: String
    let stop: StopSignal
    let emit: @Sendable (OperationEvent) -> Void
    let ledger: Ledger

    /// As many copies may be made in one run of the operation; each claims with a number of its own.
    private static let passes = 64

    /// The number with which the last steps claim, after all copies.
    static func fence(run number: Int) -> Int { number * passes }

    private var fence: Int { Self.fence(run: number) }

    /// What the copies have come to, all together.
    private struct Sum {
        var outcome: TargetOutcome
        var passes = 0

        mutating func add(_ next: TargetOutcome) {
            passes += 1
            outcome.logicalBytes += next.logicalBytes
            outcome.wireBytes += next.wireBytes
            outcome.path = next.path ?? outcome.path
            outcome.verified = next.verified
            outcome.warnings += next.warnings
            (outcome.error, outcome.kept) = (next.error, next.kept)
        }
    }

    /// Does it. `first`: the copy that an earlier run has begun, gone on with.
    func run(first: TargetOutcome?) async -> TargetOutcome {
        let begin = ContinuousClock.now
        var sum = Sum(
            outcome: TargetOutcome(
                host: target.name, newName: request.vm, error: nil, verified: false, logicalBytes: 0, wireBytes: 0,
                seconds: 0, path: nil, warnings: []))
        var failure: KVMCloneError?
        do throws(KVMCloneError) {
            if let first { try take(first, into: &sum) }
            sum.outcome.warnings += try await move(&sum)
        } catch {
            failure = error
        }
        var outcome = sum.outcome
        outcome.seconds = begin.duration(to: .now) / .seconds(1)
        if let failure {
            outcome.warnings += await takeBack(after: failure)
            outcome.error = (stop.reason ?? failure).on(target.name)
            outcome.error = outcome.kept == nil ? outcome.error?.undone : outcome.error?.kept(by: id)
            outcome.verified = false
        }
        enter(failure == nil ? .done : failure?.code == .cancelled ? .cancelled : .failed)
        emit(.targetEnded(outcome))
        return outcome
    }

    private func move(_ sum: inout Sum) async throws(KVMCloneError) -> [String] {
        if choice.mode == .warm { try await copyWhileItRuns(&sum) }
        let departure = Departure(
            driver: source, name: request.vm, uuid: uuid, options: request.options.migration,
            journal: JournalWatch(id: id, journal: coordinator.journal, stop: stop, logger: coordinator.logger))
        let attachments = try await departure.note(ledger)
        if choice.runs {
            enter(.shuttingDown, host: source.name)
            try await departure.shutDown(ledger)
        }
        let facts = try await SourceFacts.gather(vm: request.vm, from: source, options: copying.options)
        var plan = try await planned(facts)
        try await departure.leave(facts, ledger)
        plan.isUndefined = true
        try take(try await copyTheLast(plan, facts, sum.passes + 1), into: &sum)
        return try await shielded { () -> Result<[String], KVMCloneError> in
            do throws(KVMCloneError) { return .success(try await arrive(from: facts, attachments)) } catch {
                return .failure(error)
            }
        }.get()
    }

    /// The VM comes up on its new host. From the first step on nobody may stop this.
    private func arrive(
        from facts: SourceFacts, _ attachments: DomainAttachments
    ) async throws(KVMCloneError) -> [String] {
        if let reason = stop.reason { throw reason }
        enter(.starting)
        let claim = Claim(.target(name: request.vm), operation: id.description, fence: fence)
        try await ledger.perform(.claim(host: target.name)) { () throws(KVMCloneError) in
            _ = try await target.call(claim)
        }
        let arrival = try await Arrival.find(request.vm, by: id, on: target, patience: coordinator.patience.untilLost)
        try await arrival.define(ledger)
        let record = arrival.replica.record
        let handOver = HandOver(
            host: target.name, name: request.vm, uuid: uuid, folder: arrival.replica.folder,
            generation: record.generation, source: source.name, startsWithHost: attachments.startsWithHost,
            remains: Departure.remains(
                facts, by: id, on: target.name, taken: record.taken, isVerified: record.verified == record.taken))
        try await ledger.perform(.handOver(handOver)) { () throws(KVMCloneError) in }
        if choice.runs { try await start(arrival) }
        return await complete(handOver)
    }

    /// Starts it there. One that certainly can't be started goes back; of one of which nobody knows nothing is taken back.
    private func start(_ arrival: Arrival) async throws(KVMCloneError) {
        do throws(Arrival.StartError) {
            try await arrival.start()
        } catch {
            switch error {
            case .unknown(let cause):
                throw KVMCloneError(
                    .clone,
                    "it is not known whether '\(request.vm)' runs on \(target.name); it isn't started anywhere "
                        + "else", host: target.name, cause: "\(cause)",
                    whatToDo: "when \(target.name) answers again: kvm-clone op cleanup \(id)", exitCode: .tryAgain)
            case .notStarted(let cause):
                let numbers = ledger.records.filter { if case .handOver = $0.step { true } else { false } }
                    .map(\.number)
                try await coordinator.journal.forget(numbers, operation: id)
                ledger.drop(Set(numbers))
                throw KVMCloneError(
                    .clone, "the VM can't be started there", host: target.name, cause: "\(cause)",
                    whatToDo: cause.whatToDo)
            }
        }
    }

    /// The VM is where it belongs. Answers with what couldn't be done yet.
    private func complete(_ handOver: HandOver) async -> [String] {
        var warnings = await end()
        if !warnings.isEmpty { warnings.append("end that with: kvm-clone op cleanup \(id)") }
        if handOver.remains == nil {
            warnings.append("its disks on \(source.name) can't be a replica, and are left as they are")
        }
        return warnings
    }

    /// Takes back what was done, unless it isn't known whether that may be.
    private func takeBack(after failure: KVMCloneError) async -> [String] {
        let isHandedOver = ledger.records.contains { if case .handOver = $0.step { true } else { false } }
        guard !isHandedOver else { return [] }
        return await shielded { await end() }
    }

    /// Ends the steps that are open here. Answers with what couldn't be done, which stays in the journal.
    private func end() async -> [String] {
        let records = ledger.records
        let undoing = Undoing(
            operation: id, journal: coordinator.journal, hosts: coordinator.hosts, logger: coordinator.logger,
            run: fence)
        let entries = await undoing.end(records)
        ledger.drop(Set(records.map(\.number)))
        return entries.complaints
    }

    private func enter(_ phase: TargetPhase, host: String? = nil, detail: String? = nil) {
        let detail = detail ?? (host == source.name ? "on \(source.name)" : nil)
        emit(.phase(host: target.name, phase: phase, detail: detail))
    }
}

// MARK: Copies

extension MigrationRun {
    /// The request for one copy.
    private var copying: CloneRequest {
        var request = request
        request.kind = .sync
        request.options.checkpoint = choice.mode == .warm
        return request
    }

    /// Copies until little is left, while the VM runs.
    private func copyWhileItRuns(_ sum: inout Sum) async throws(KVMCloneError) {
        var passes = WarmPasses(goal: request.options.migration.downtime ?? 10)
        while true {
            let begin = ContinuousClock.now
            let facts = try await SourceFacts.gather(vm: request.vm, from: source, options: copying.options)
            let plan = try await planned(facts)
            let outcome = try await copy(plan, sum.passes + 1)
            try take(outcome, into: &sum)
            passes.add(seconds: begin.duration(to: .now) / .seconds(1))
            if let verdict = passes.verdict {
                emit(.phase(host: target.name, phase: .syncing, detail: verdict))
                return
            }
            if let reason = stop.reason { throw reason }
        }
    }

    /// Copies what was written last: what bitmaps say, where they can; else, or where they are broken, what a comparison finds.
    private func copyTheLast(
        _ plan: ClonePlan, _ facts: SourceFacts, _ pass: Int
    ) async throws(KVMCloneError) -> TargetOutcome {
        var plan = plan
        plan.writtenSince = plan.targets.first.flatMap { CheckpointPlan.newest(of: facts, for: $0) }
        let outcome = try await copy(plan, pass)
        guard let error = outcome.error, plan.writtenSince != nil, stop.reason == nil else { return outcome }
        emit(
            .warning(
                host: source.name, message: "what was written last is found out by comparing, after this: \(error)"))
        plan.writtenSince = nil
        return try await copy(plan, pass + 1)
    }

    private func planned(_ facts: SourceFacts) async throws(KVMCloneError) -> ClonePlan {
        let (request, coordinator) = (copying, coordinator)
        let plan = try await coordinator.stoppable(by: stop) { () throws(KVMCloneError) in
            try await coordinator.plan(request, source: facts)
        }
        let (left, refused) = try coordinator.split(plan, source: source.name)
        if let error = refused.first?.error { throw error }
        return left
    }

    /// Makes one copy. What it left undone on the way is done at once, or it counts as failed.
    private func copy(_ plan: ClonePlan, _ pass: Int) async throws(KVMCloneError) -> TargetOutcome {
        guard pass < Self.passes else { throw KVMCloneError(.general, "\(pass) copies in one migration") }
        var attempt = Attempt(number: (number - 1) * Self.passes + pass, steps: [])
        attempt.isFresh = true
        var plan = plan
        // Those of the migration's plan were told when it began.
        plan.findings = []
        for place in plan.targets.indices { plan.targets[place].findings = [] }
        let work = try await coordinator.work(plan, copying, stop: stop)
        let outcomes = await coordinator.carryOut(work, id: id, attempt: attempt, emit: Self.passed(to: emit, pass))
        guard let outcome = outcomes.first else { throw KVMCloneError(.general, "a copy without an outcome") }
        return outcome
    }

    /// Takes a copy's result over. Throws when it isn't whole.
    private func take(_ outcome: TargetOutcome, into sum: inout Sum) throws(KVMCloneError) {
        sum.add(outcome)
        if let error = outcome.error { throw error }
        guard outcome.warnings.isEmpty else {
            throw KVMCloneError(
                .clone, "the copy isn't in order", host: target.name, cause: outcome.warnings.joined(separator: "; "),
                whatToDo: "kvm-clone op cleanup \(id), and run it again")
        }
    }

    /// Passes on what a copy tells, but for its end, which isn't the migration's, and for what was said of the plan already.
    static func passed(
        to emit: @escaping @Sendable (OperationEvent) -> Void, _ pass: Int = 1
    ) -> @Sendable (OperationEvent) -> Void {
        { event in
            switch event {
            case .targetEnded, .ended: break
            case .phase(_, .done, _): break
            case .started(var start):
                (start.kind, start.pass) = (.migrate, pass)
                emit(.started(start))
            default: emit(event)
            }
        }
    }
}
