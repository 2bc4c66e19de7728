import Model

extension Coordinator {
    /// Whether an operation's overlays are as it has left them, so that what it has copied is still what lies below.
    func isSeeded(_ steps: [StepRecord]) async throws(KVMCloneError) -> Bool {
        for record in steps {
            guard case .seed(let overlays) = record.step else { continue }
            return try await overlays.arePresent(on: hosts(overlays.host))
        }
        return false
    }

    /// Goes on with a seeded migration that had not begun to move the VM: with its overlays, and with what was copied.
    func goOn(
        seeding request: CloneRequest, _ steps: [StepRecord], id: OperationID, number: Int, stop: StopSignal,
        emit: @escaping @Sendable (OperationEvent) -> Void
    ) async throws(KVMCloneError) -> TargetOutcome {
        let own = steps.filter(\.step.isSeed)
        guard let record = own.first, case .seed(let overlays) = record.step, let host = request.targets.first else {
            throw .nothingToDo
        }
        let source = try await hosts(request.source)
        let ledger = Ledger(operation: id, journal: journal, logger: logger)
        ledger.adopt(own)
        let run = SeedRun(
            coordinator: self, request: request, id: id, number: number, source: source, target: try await hosts(host),
            uuid: overlays.uuid, stop: stop, emit: emit, ledger: ledger)
        let copying = SeedRun.copying(request)
        let attempt = Attempt(number: SeedRun.fence(ofCopyIn: number), steps: steps)
        let outcomes = try await goOn(
            with: copying, settled: [], id: id, attempt: attempt, stop: stop, emit: MigrationRun.passed(to: emit)
        ) { () throws(KVMCloneError) in
            let facts = try await SourceFacts.gather(
                vm: request.vm, from: source, options: copying.options, definition: overlays.definition)
            var plan = try await self.plan(copying, source: facts)
            plan.readAsItIs("nvram")
            plan.isSeed = true
            return plan
        }
        guard let copy = outcomes.first else { throw .nothingToDo }
        return await run.run(.goOn(overlays, copy))
    }
}
