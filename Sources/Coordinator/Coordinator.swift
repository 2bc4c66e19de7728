import AgentProtocol
import Logging
import Model
import Topology

/// Plans operations and carries them out on the hosts that it is given.
package struct Coordinator: Sendable {
    /// Finds a host by its name.
    package typealias Hosts = @Sendable (String) async throws(KVMCloneError) -> any HostDriver

    let hosts: Hosts
    let journal: any Journal
    let logger: Logger
    let fleet: Fleet?
    let budgets: Budgets
    let patience: Pulse.Patience

    /// `fleet`: what is known of the network between the hosts. `budgets`: shared by all that sends over it. `patience`:
    /// with hosts that don't answer.
    package init(
        journal: any Journal, logger: Logger, fleet: Fleet? = nil, budgets: Budgets? = nil,
        patience: Pulse.Patience = Pulse.Patience(), hosts: @escaping Hosts
    ) {
        self.patience = patience
        self.hosts = hosts
        self.journal = journal
        self.logger = logger
        self.fleet = fleet
        self.budgets = budgets ?? Budgets(fleet: fleet)
    }

    /// Decides which way the data of a plan goes.
    /// - Parameter observed: rates that count where the topology has no figure.
    package func distribution(
        of plan: ClonePlan, _ options: CloneOptions, observed: [ObservedRate] = []
    ) throws(KVMCloneError) -> Distribution {
        try Distribution.plan(
            from: plan.source, to: plan.targets.map(\.host),
            fleet: fleet ?? Fleet(name: "", sites: [], links: [], hosts: []),
            shape: options.fanOut, payload: plan.files.reduce(0) { $0 + min($1.used, $1.size) }, observed: observed)
    }

    /// What is remembered of the network. Without it all is planned as if nothing had been seen.
    package func observedRates() async -> [ObservedRate] {
        do throws(KVMCloneError) {
            return try await journal.observedRates(at: Int(budgets.clock.now()))
        } catch {
            logger.warning("observed rates can't be read", metadata: ["error": "\(error)"])
            return []
        }
    }

    /// Plans and runs a request. Throws when nothing could begin; else every target has its outcome.
    ///
    /// `stop` ends it early, and says whether what was copied is kept.
    package func run(
        _ request: CloneRequest, id: OperationID, stop: StopSignal,
        emit: @escaping @Sendable (OperationEvent) -> Void
    ) async throws(KVMCloneError) -> OperationResult {
        guard request.kind != .migrate else {
            return try await migrate(request, id: id, stop: stop, emit: emit)
        }
        let begin = ContinuousClock.now
        let (plan, refused) = try split(try await plan(request, stop: stop), source: request.source)
        guard !plan.targets.isEmpty else {
            throw refused.count == 1 ? refused.first?.error ?? .nothingToDo : .allRefused(refused)
        }
        let work = try await work(plan, request, stop: stop)
        let record = OperationRecord(id: id, request: request, journal: journal)
        try await record.begin()
        let ended = await carryOut(work, id: id, attempt: Attempt(), emit: emit)
        for outcome in refused { emit(.targetEnded(outcome)) }
        return await finish(
            record, ended + refused, seconds: begin.duration(to: .now) / .seconds(1), stop: stop, emit: emit)
    }

    /// Plans, unless that is stopped.
    func plan(_ request: CloneRequest, stop: StopSignal) async throws(KVMCloneError) -> ClonePlan {
        try await stoppable(by: stop) { () throws(KVMCloneError) in try await self.plan(request) }
    }

    /// Does something that changes nothing, unless that is stopped.
    func stoppable<Value: Sendable>(
        by stop: StopSignal, _ work: @escaping @Sendable () async throws(KVMCloneError) -> Value
    ) async throws(KVMCloneError) -> Value {
        let working = Task { () -> Result<Value, KVMCloneError> in
            do throws(KVMCloneError) { return .success(try await work()) } catch { return .failure(error) }
        }
        stop.onStop { working.cancel() }
        let value: Value
        do throws(KVMCloneError) { value = try await working.value.get() } catch {
            throw stop.reason?.undone ?? error
        }
        if let reason = stop.reason { throw reason.undone }
        return value
    }

    /// Takes out the targets that can't take the copy. Throws when the source can't give it.
    func split(
        _ plan: ClonePlan, source: String
    ) throws(KVMCloneError) -> (plan: ClonePlan, refused: [TargetOutcome]) {
        if let error = plan.findings.error(on: source) { throw error }
        var plan = plan
        let refused = plan.targets.compactMap { target in
            target.findings.error(on: target.host).map { TargetOutcome(refused: target, error: $0) }
        }
        plan.targets.removeAll { target in refused.contains { $0.host == target.host } }
        return (plan, refused)
    }

    /// A plan that can be carried out, with its hosts.
    struct Work: Sendable {
        var plan: ClonePlan
        var distribution: Distribution
        var options: CloneOptions
        var source: any HostDriver
        var targets: [any HostDriver]
        var stop: StopSignal
    }

    func work(
        _ plan: ClonePlan, _ request: CloneRequest, stop: StopSignal
    ) async throws(KVMCloneError) -> Work {
        let source = try await hosts(request.source)
        var targets: [any HostDriver] = []
        for target in plan.targets { targets.append(try await hosts(target.host)) }
        return Work(
            plan: plan,
            distribution: try distribution(of: plan, request.options, observed: await observedRates()),
            options: request.options, source: source, targets: targets, stop: stop)
    }

    func carryOut(
        _ work: Work, id: OperationID, attempt: Attempt, emit: @escaping @Sendable (OperationEvent) -> Void
    ) async -> [TargetOutcome] {
        if let note = work.distribution.note { emit(.warning(host: nil, message: note)) }
        for finding in work.plan.findings { emit(.warning(host: work.plan.source, message: finding.message)) }
        for target in work.plan.targets {
            for finding in target.findings { emit(.warning(host: target.host, message: finding.message)) }
        }
        return await CopyOperation(
            id: id, plan: work.plan, distribution: work.distribution, budgets: budgets, options: work.options,
            attempt: attempt, source: work.source, targets: work.targets, journal: journal, stop: work.stop,
            logger: logger, patience: patience, emit: emit
        ).run()
    }

    /// Writes the end down and tells it.
    func finish(
        _ record: OperationRecord, _ outcomes: [TargetOutcome], seconds: Double, stop: StopSignal,
        emit: @escaping @Sendable (OperationEvent) -> Void
    ) async -> OperationResult {
        let request = record.request
        let outcomes = request.targets.compactMap { host in outcomes.first { $0.host == host } }
        let state: OperationState =
            if outcomes.contains(where: { $0.kept != nil }) {
                .interrupted
            } else if outcomes.allSatisfy({ $0.error == nil }) { .completed } else {
                stop.reason?.code == .cancelled ? .cancelled : .failed
            }
        let result = OperationResult(
            id: record.id, kind: request.kind, vm: request.vm, source: request.source, state: state, targets: outcomes,
            seconds: seconds)
        do throws(KVMCloneError) {
            try await record.end(result)
        } catch {
            // The work is done, whatever the journal says of it.
            logger.error("the operation's end isn't written down", metadata: ["error": "\(error)"])
            emit(.warning(host: nil, message: "the operation's end isn't written down: \(error)"))
        }
        emit(.ended(state: state))
        return result
    }
}

extension ClonePlan.Target {
    /// A target that couldn't be asked.
    static func unreachable(_ host: String, newName: String, _ error: KVMCloneError) -> ClonePlan.Target {
        ClonePlan.Target(
            host: host, newName: newName, uuid: "", pool: "", folder: "", fileNames: [], macs: [],
            findings: [PreflightFinding(error)], xml: "")
    }
}

extension TargetOutcome {
    /// The outcome of a target on which nothing was begun.
    init(refused target: ClonePlan.Target, error: KVMCloneError) {
        self.init(
            host: target.host, newName: target.newName, error: error, verified: false, logicalBytes: 0, wireBytes: 0,
            seconds: 0, path: nil, warnings: [])
    }
}

extension KVMCloneError {
    static var nothingToDo: KVMCloneError { KVMCloneError(.validation, "there is nothing to do") }

    /// The error for an operation that no target can take part in.
    static func allRefused(_ outcomes: [TargetOutcome]) -> KVMCloneError {
        let errors = outcomes.compactMap(\.error)
        let codes = Set(errors.map(\.code))
        return KVMCloneError(
            codes.count == 1 ? codes.first ?? .validation : .validation, "no target can take the copy",
            cause: errors.map { "\($0)" }.joined(separator: "\n"),
            whatToDo: Set(errors.compactMap(\.whatToDo)).sorted().joined(separator: "\n"),
            exitCode: codes.count == 1 ? errors.first?.exitCode : .preflight)
    }
}
