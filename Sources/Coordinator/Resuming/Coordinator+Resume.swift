import Logging
import Model

extension Coordinator {
    /// Goes on with an operation where it stood: with the targets that have no copy yet. Throws when nothing could begin;
    /// then it is interrupted as before.
    ///
    /// `options` replace those that it was begun with; they must make the same copy.
    package func resume(
        _ id: OperationID, options: CloneOptions? = nil, stop: StopSignal,
        emit: @escaping @Sendable (OperationEvent) -> Void
    ) async throws(KVMCloneError) -> OperationResult {
        let begin = ContinuousClock.now
        guard let status = try await journal.operation(id) else { throw .noOperation(id) }
        guard var request = try await journal.request(of: id) else {
            throw KVMCloneError(
                .validation, "an older version began operation \(id), and didn't write down what was asked for",
                whatToDo: "undo what it left: kvm-clone op cleanup \(id)")
        }
        guard request.kind.makesCopies else {
            throw KVMCloneError(
                .validation, "operation \(id) is a \(request.kind.rawValue), which can't be gone on with",
                whatToDo: "undo what it left, kvm-clone op cleanup \(id), and begin a new one")
        }
        if let options {
            guard options.makesTheSame(as: request.options) else {
                throw KVMCloneError(
                    .validation, "operation \(id) was to make another copy",
                    whatToDo: "see kvm-clone op show \(id); go on with its own options, or clean it up first")
            }
            request.options = options
        }
        let number = try await journal.takeOver(id, request: request, owner: .current)
        let record = OperationRecord(id: id, request: request, journal: journal)
        do throws(KVMCloneError) {
            if request.kind == .migrate {
                return try await goOn(moving: request, record, number: number, begin: begin, stop: stop, emit: emit)
            }
            let attempt = Attempt(number: number, steps: try await journal.openSteps(of: id))
            let settled = await standing(try await journal.settledTargets(of: id), id, request, emit: emit)
            var outcomes = request.targets.filter(settled.contains).map { host in
                status.result?.targets.first { $0.host == host && $0.error == nil }
                    ?? TargetOutcome(complete: host, newName: request.newName)
            }
            for (place, outcome) in outcomes.enumerated() {
                // It is of the source as it was then.
                let message = "it has its copy from an earlier run of \(id), which was begun \(status.created)"
                if !outcome.warnings.contains(message) { outcomes[place].warnings.append(message) }
                outcomes[place].warnings += await tidy(outcome.host, id: id, attempt: attempt)
            }
            outcomes += try await goOn(
                with: request, settled: settled, id: id, attempt: attempt, stop: stop, emit: emit)
            return await finish(
                record, outcomes, seconds: begin.duration(to: .now) / .seconds(1), stop: stop, emit: emit)
        } catch {
            await shielded { [logger] in
                do throws(KVMCloneError) { try await record.leave(status.result) } catch {
                    logger.error("the operation's state isn't written down", metadata: ["error": "\(error)"])
                }
            }
            guard error.code == .cancelled, stop.ending != nil else { throw error }
            // Nothing was undone: it had not begun.
            throw KVMCloneError.cancelled("stopped before another run began", .keep).kept(by: id)
        }
    }

    /// Those of the targets that got their copy in an earlier run on which it still is. Where it was removed meanwhile it is
    /// to be made again; a host that can't be asked keeps it, and that is said.
    private func standing(
        _ settled: Set<String>, _ id: OperationID, _ request: CloneRequest,
        emit: @escaping @Sendable (OperationEvent) -> Void
    ) async -> Set<String> {
        await withTaskGroup(of: (String, Bool).self) { group in
            for host in settled {
                group.addTask { [hosts] in
                    do throws(KVMCloneError) {
                        let isThere = try await stands(request, id, on: hosts(host))
                        if !isThere {
                            let message = "the copy that it got in an earlier run is gone; it gets another one"
                            emit(.warning(host: host, message: message))
                        }
                        return (host, isThere)
                    } catch {
                        emit(.warning(host: host, message: "it is not known whether its copy still stands: \(error)"))
                        return (host, true)
                    }
                }
            }
            return await group.reduce(into: []) { if $1.1 { $0.insert($1.0) } }
        }
    }

    /// Whether a target has what an operation was to make there.
    private func stands(
        _ request: CloneRequest, _ id: OperationID, on host: any HostDriver
    ) async throws(KVMCloneError) -> Bool {
        if request.kind == .sync, let replica = try await host.replica(named: request.newName) {
            return replica.record.operation == "\(id)"
        }
        // Of a VM that was synced nothing tells by which operation.
        return try await host.domain(named: request.newName) != nil
    }

    /// Works on the targets that have no copy yet. `planning`: what the plan is made with, where that isn't the VM as it is.
    func goOn(
        with request: CloneRequest, settled: Set<String>, id: OperationID, attempt: Attempt, stop: StopSignal,
        emit: @escaping @Sendable (OperationEvent) -> Void,
        planning: (@Sendable () async throws(KVMCloneError) -> ClonePlan)? = nil
    ) async throws(KVMCloneError) -> [TargetOutcome] {
        var request = request
        request.targets.removeAll { settled.contains($0) }
        guard !request.targets.isEmpty else { return [] }
        let ledger = Ledger(operation: id, journal: journal, attempt: attempt, logger: logger)
        var outcomes: [TargetOutcome] = []
        for (host, error) in await undoDefinitions(request.targets, ledger) {
            outcomes.append(TargetOutcome(left: host, newName: request.newName, error))
            request.targets.removeAll { $0 == host }
        }
        guard !request.targets.isEmpty else {
            throw outcomes.count == 1 ? outcomes[0].error ?? .nothingToDo : .allRefused(outcomes)
        }
        var plan =
            if let planning { try await stoppable(by: stop, planning) } else { try await plan(request, stop: stop) }
        // By the earlier run's number: what this one gives back it couldn't claim again.
        let earlier = Ledger(
            operation: id, journal: journal,
            attempt: Attempt(number: attempt.number - 1, steps: try await journal.openSteps(of: id)), logger: logger)
        for target in plan.targets where target.sync?.isDelta ?? false && earlier.hasSteps(on: target.host) {
            // What was to be changed belongs to the state that it was compared with, and is compared anew.
            for complaint in await earlier.undo(on: try await hosts(target.host)) {
                emit(.warning(host: target.host, message: complaint))
            }
        }
        for index in plan.targets.indices { plan.targets[index].excuse(ledger) }
        let (left, refused) = try split(plan, source: request.source)
        outcomes += refused.map { outcome in
            var outcome = outcome
            outcome.kept = ledger.holdsFiles(on: outcome.host) ? 0 : nil
            return outcome
        }
        guard !left.targets.isEmpty else {
            throw outcomes.count == 1 ? outcomes[0].error ?? .nothingToDo : .allRefused(outcomes)
        }
        for outcome in outcomes { emit(.targetEnded(outcome)) }
        let steps = try await journal.openSteps(of: id)
        return await carryOut(
            try work(left, request, stop: stop), id: id, attempt: Attempt(number: attempt.number, steps: steps),
            emit: emit) + outcomes
    }

    /// Does what is left to do where a copy stands. Answers with what couldn't be done.
    private func tidy(_ host: String, id: OperationID, attempt: Attempt) async -> [String] {
        let ledger = Ledger(operation: id, journal: journal, attempt: attempt, logger: logger)
        guard ledger.hasSteps(on: host) else { return [] }
        do throws(KVMCloneError) {
            return await ledger.undo(on: try await hosts(host))
        } catch {
            return ["\(error)"]
        }
    }

    /// Takes back what earlier runs did to the targets' libvirt. Answers which can't be brought to that.
    private func undoDefinitions(_ targets: [String], _ ledger: Ledger) async -> [(String, KVMCloneError)] {
        await withTaskGroup(of: (String, KVMCloneError)?.self) { group in
            for host in targets where ledger.hasDefinitions(on: host) {
                group.addTask {
                    do throws(KVMCloneError) {
                        try await ledger.undoDefinitions(on: hosts(host))
                        return nil
                    } catch {
                        return (host, error.on(host))
                    }
                }
            }
            return await group.reduce(into: []) { if let failure = $1 { $0.append(failure) } }
        }
    }
}

extension ClonePlan.Target {
    /// What an earlier run of the same operation has left isn't in the way.
    mutating func excuse(_ ledger: Ledger) {
        guard ledger.holdsFiles(on: host) else { return }
        let own = ledger.publishedFiles(on: host)
        findings = findings.compactMap { finding in
            var finding = finding
            switch finding.code {
            case .vmExists where own.contains { finding.message.contains($0) }: return nil
            // Part of it is there, and nobody knows yet how much.
            case .diskSpace: finding.severity = .warning
            default: break
            }
            return finding
        }
    }
}

extension TargetOutcome {
    /// A target that got its copy in an earlier run of which nothing more is known.
    init(complete host: String, newName: String) {
        self.init(
            host: host, newName: newName, error: nil, verified: false, logicalBytes: 0, wireBytes: 0, seconds: 0,
            path: nil, warnings: [])
    }

    /// A target that stays as an earlier run has left it.
    init(left host: String, newName: String, _ error: KVMCloneError) {
        self.init(
            host: host, newName: newName, error: error, verified: false, logicalBytes: 0, wireBytes: 0, seconds: 0,
            path: nil, warnings: [], kept: 0)
    }
}
