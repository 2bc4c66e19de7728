import Model

extension Coordinator {
    /// Moves a VM to another host. Throws when nothing could begin. Afterwards it is on one of them: on the new one, or on
    /// the old one as before; where a host doesn't answer, so that nobody knows, it isn't started on the other one.
    func migrate(
        _ request: CloneRequest, id: OperationID, stop: StopSignal, emit: @escaping @Sendable (OperationEvent) -> Void
    ) async throws(KVMCloneError) -> OperationResult {
        let begin = ContinuousClock.now
        let plan = try await migrationPlan(request, stop: stop)
        let record = OperationRecord(id: id, request: request, journal: journal)
        try await record.begin()
        for finding in plan.findings { emit(.warning(host: plan.source, message: finding.message)) }
        for target in plan.targets {
            for finding in target.findings { emit(.warning(host: target.host, message: finding.message)) }
        }
        let outcome = try await moved(plan, request, id: id, number: 1, first: nil, stop: stop, emit: emit)
        return await finish(record, [outcome], seconds: begin.duration(to: .now) / .seconds(1), stop: stop, emit: emit)
    }

    /// Goes on with a migration: what its earlier run had handed over is completed, anything else is taken back and begun
    /// again, with what its copies have brought.
    func goOn(
        moving request: CloneRequest, _ record: OperationRecord, number: Int, begin: ContinuousClock.Instant,
        stop: StopSignal, emit: @escaping @Sendable (OperationEvent) -> Void
    ) async throws(KVMCloneError) -> OperationResult {
        let id = record.id
        func ended(_ outcome: TargetOutcome) async -> OperationResult {
            await finish(record, [outcome], seconds: begin.duration(to: .now) / .seconds(1), stop: stop, emit: emit)
        }
        let undoing = Undoing(
            operation: id, journal: journal, hosts: hosts, logger: logger, run: MigrationRun.fence(run: number - 1))
        var steps = try await journal.openSteps(of: id)
        let isHandedOver =
            try await steps.isEmpty
            ? hasMoved(request) : steps.contains { if case .handOver = $0.step { true } else { false } }
        let isLive = steps.contains(where: \.step.isLiveMove)
        let isSeeded = isLive ? false : try await isSeeded(steps)
        let moving = isHandedOver || isLive ? steps : steps.filter { $0.step.movesVM && !(isSeeded && $0.step.isSeed) }
        if let failure = await undoing.end(moving).compactMap(\.error).first { throw failure }
        var isDone = isHandedOver
        if isLive { isDone = try await hasMoved(request) }
        if isDone {
            var outcome = TargetOutcome(complete: request.targets.first ?? "", newName: request.vm)
            outcome.warnings = ["it had moved in an earlier run, which is completed now"]
            emit(.targetEnded(outcome))
            return await ended(outcome)
        }
        steps = try await journal.openSteps(of: id)
        if isSeeded {
            return await ended(
                try await goOn(seeding: request, steps, id: id, number: number, stop: stop, emit: emit))
        }
        var first: TargetOutcome?
        if try await hosts(request.source).domain(named: request.vm)?.state != .stopped {
            // What a running VM's disks were like then is gone.
            if let failure = await undoing.end(steps).compactMap(\.error).first { throw failure }
        } else if !steps.isEmpty {
            var copying = request
            copying.kind = .sync
            let attempt = Attempt(number: MigrationRun.fence(run: number - 1) + 1, steps: steps)
            first = try await goOn(
                with: copying, settled: [], id: id, attempt: attempt, stop: stop, emit: MigrationRun.passed(to: emit)
            ).first
        }
        let plan = try await migrationPlan(request, stop: stop)
        return await ended(
            try await moved(plan, request, id: id, number: number, first: first, stop: stop, emit: emit))
    }

    /// Whether the VM is on its new host, and no more on its old one.
    private func hasMoved(_ request: CloneRequest) async throws(KVMCloneError) -> Bool {
        guard let target = request.targets.first,
            try await hosts(request.source).domain(named: request.vm) == nil
        else { return false }
        return try await hosts(target).domain(named: request.vm) != nil
    }

    /// What a migration is going to do. Throws when it can't.
    private func migrationPlan(_ request: CloneRequest, stop: StopSignal) async throws(KVMCloneError) -> ClonePlan {
        let (plan, refused) = try split(try await plan(request, stop: stop), source: request.source)
        if let error = refused.first?.error { throw error }
        guard request.targets.count == 1, let target = plan.targets.first else {
            throw KVMCloneError(.validation, "a VM moves to one host", whatToDo: "name one", field: "DST")
        }
        let namesake = try await hosts(target.host).domains().first { $0.uuid == plan.vmUUID }
        guard namesake == nil else {
            throw KVMCloneError(
                .vmExists, "a VM with its uuid is defined there already: '\(namesake?.name ?? "")'", host: target.host,
                whatToDo: "undefine it first")
        }
        return plan
    }

    /// Moves it as planned.
    private func moved(
        _ plan: ClonePlan, _ request: CloneRequest, id: OperationID, number: Int, first: TargetOutcome?,
        stop: StopSignal, emit: @escaping @Sendable (OperationEvent) -> Void
    ) async throws(KVMCloneError) -> TargetOutcome {
        guard let choice = plan.migration, let target = plan.targets.first else { throw .nothingToDo }
        let attempt = Attempt(number: MigrationRun.fence(run: number), steps: [])
        let ledger = Ledger(operation: id, journal: journal, attempt: attempt, logger: logger)
        let (here, there) = (try await hosts(request.source), try await hosts(target.host))
        if choice.mode == .seeded {
            return await SeedRun(
                coordinator: self, request: request, id: id, number: number, source: here, target: there,
                uuid: plan.vmUUID, stop: stop, emit: emit, ledger: ledger
            ).run(.begin(plan))
        }
        guard choice.mode != .live else {
            return await LiveRun(
                coordinator: self, request: request, plan: plan, place: target, id: id, number: number, source: here,
                target: there, stop: stop, emit: emit, ledger: ledger
            ).run()
        }
        return await MigrationRun(
            coordinator: self, request: request, choice: choice, id: id, number: number, source: here, target: there,
            uuid: plan.vmUUID, stop: stop, emit: emit, ledger: ledger
        ).run(first: first)
    }
}
