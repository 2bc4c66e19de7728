import Model

extension Coordinator {
    /// Compares a VM with copies of it, as their guests read them, and writes nothing. Throws when nothing could begin; else
    /// every copy has its verdict.
    package func compare(
        _ request: CloneRequest, id: OperationID, stop: StopSignal,
        emit: @escaping @Sendable (OperationEvent) -> Void
    ) async throws(KVMCloneError) -> VMComparison {
        let begin = ContinuousClock.now
        let plan = try await stoppable(by: stop) { () throws(KVMCloneError) in try await comparisonPlan(request) }
        guard !plan.base.targets.isEmpty else { throw Self.refusal(plan.refused) }
        let source = try await hosts(request.source)
        var targets: [any HostDriver] = []
        for target in plan.base.targets { targets.append(try await hosts(target.host)) }
        let record = OperationRecord(id: id, request: request, journal: journal)
        try await record.begin()
        for finding in plan.base.findings { emit(.warning(host: request.source, message: finding.message)) }
        let operation = CopyOperation(
            id: id, plan: plan.base, budgets: budgets, options: request.options, source: source, targets: targets,
            journal: journal, stop: stop, logger: logger, patience: patience, emit: emit)
        let compared = await operation.watched(verifies: false) { tracker in
            await ComparisonRun(
                operation: operation, tracker: tracker,
                ledger: Ledger(operation: id, journal: journal, logger: logger), copies: plan.copies,
                replicas: plan.replicas
            ).run()
        }
        let copies = request.targets.compactMap { host in
            (compared + plan.refused).first { $0.host == host }
        }
        let seconds = begin.duration(to: .now) / .seconds(1)
        let ended = await finish(
            record, copies.map { TargetOutcome($0, seconds: seconds) }, seconds: seconds, stop: stop, emit: emit)
        return VMComparison(
            id: id, kind: request.kind, vm: request.vm, source: request.source, state: ended.state, copies: copies,
            seconds: seconds)
    }

    private static func refusal(_ refused: [ComparedCopy]) -> KVMCloneError {
        let errors = refused.compactMap(\.error)
        guard errors.count > 1, let first = errors.first else { return errors.first ?? .nothingToDo }
        return KVMCloneError(
            first.code, "no copy can be compared", cause: errors.map { "\($0)" }.joined(separator: "\n"),
            whatToDo: Set(errors.compactMap(\.whatToDo)).sorted().joined(separator: "\n"), exitCode: first.exitCode)
    }
}

extension TargetOutcome {
    /// A comparison, as the store keeps it: one that was performed is no failure, whatever it has found.
    init(_ copy: ComparedCopy, seconds: Double) {
        self.init(
            host: copy.host, newName: copy.name, error: copy.error, verified: copy.verdict == .matched,
            logicalBytes: copy.disks.reduce(0) { $0 + $1.size }, wireBytes: 0, seconds: seconds, path: nil,
            warnings: copy.verdict == .differed ? [copy.summary] : [])
    }
}
