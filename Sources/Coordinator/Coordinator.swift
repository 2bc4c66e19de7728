import AgentProtocol
import Logging
import Model
import Topology

/// Plans operations and carries them out on the hosts that it is given.
package struct Coordinator: Sendable {
    /// Finds a host by its name.
    package typealias Hosts = @Sendable (String) async throws(KVMCloneError) -> any HostDriver

    private let hosts: Hosts
    private let journal: any Journal
    private let logger: Logger
    let fleet: Fleet?
    private let budgets: Budgets

    /// `fleet`: what is known of the network between the hosts. `budgets`: shared by all that sends over it.
    package init(
        journal: any Journal, logger: Logger, fleet: Fleet? = nil, budgets: Budgets? = nil, hosts: @escaping Hosts
    ) {
        self.hosts = hosts
        self.journal = journal
        self.logger = logger
        self.fleet = fleet
        self.budgets = budgets ?? Budgets(fleet: fleet)
    }

    /// Decides which way the data of a plan goes.
    package func distribution(of plan: ClonePlan, _ options: CloneOptions) throws(KVMCloneError) -> Distribution {
        try Distribution.plan(
            from: plan.source, to: plan.targets.map(\.host),
            fleet: fleet ?? Fleet(name: "", sites: [], links: [], hosts: []),
            shape: options.fanOut, payload: plan.files.reduce(0) { $0 + min($1.used, $1.size) })
    }

    /// Decides what a request will do. Asks all hosts at once and changes nothing. A target that can't be asked has
    /// that as its finding.
    package func plan(_ request: CloneRequest) async throws(KVMCloneError) -> ClonePlan {
        try request.validate()
        openConnections(to: request.targets, newName: request.newName)
        let source = try await SourceFacts.gather(
            vm: request.vm, from: hosts(request.source), options: request.options)
        let planner = ClonePlanner(request: request, source: source)
        var plan = planner.base()
        let names = FilePlanner.names(for: plan.files, vm: request.newName)
        let paths = source.pathsNeededOnTarget(request.options).map(\.path)
        let kind = MachineKind(
            type: source.domain.type, architecture: source.domain.os.architecture, machine: source.domain.os.machine)
        let gathered = await withTaskGroup(of: (String, Result<TargetFacts, KVMCloneError>).self) { group in
            for host in request.targets {
                group.addTask {
                    do throws(KVMCloneError) {
                        let facts = try await TargetFacts.gather(
                            from: hosts(host), newName: request.newName, kind: kind, pool: request.options.pool,
                            fileNames: names, paths: paths)
                        return (host, .success(facts))
                    } catch {
                        return (host, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        var generator = SystemRandomNumberGenerator()
        for host in request.targets {
            switch gathered[host] {
            case .success(let facts)?:
                plan.targets.append(planner.target(facts, files: plan.files, using: &generator))
            case .failure(let error)?:
                plan.targets.append(.unreachable(host, newName: request.newName, error))
            case nil:
                throw KVMCloneError(.general, "no answer for a target", host: host)
            }
        }
        return plan
    }

    /// Lets the targets connect while the source is still looked at. What fails here fails again where it is asked
    /// for.
    private func openConnections(to targets: [String], newName: String) {
        for host in targets {
            Task { _ = try? await hosts(host).domain(named: newName) }
        }
    }

    /// Plans and runs a request. Throws when nothing could begin; else every target has its outcome.
    ///
    /// `stop` ends it early and rolls back.
    package func run(
        _ request: CloneRequest, id: OperationID, stop: StopSignal,
        emit: @escaping @Sendable (OperationEvent) -> Void
    ) async throws(KVMCloneError) -> OperationResult {
        let begin = ContinuousClock.now
        let planning = Task { () -> Result<ClonePlan, KVMCloneError> in
            do throws(KVMCloneError) { return .success(try await self.plan(request)) } catch { return .failure(error) }
        }
        stop.onStop { planning.cancel() }
        var plan: ClonePlan
        do throws(KVMCloneError) { plan = try await planning.value.get() } catch { throw stop.reason ?? error }
        if let error = plan.findings.error(on: request.source) { throw error }
        if let reason = stop.reason { throw reason }
        let refused = plan.targets.compactMap { target in
            target.findings.error(on: target.host).map { TargetOutcome(refused: target, error: $0) }
        }
        plan.targets.removeAll { target in refused.contains { $0.host == target.host } }
        guard !plan.targets.isEmpty else {
            throw refused.count == 1 ? refused.first?.error ?? .nothingToDo : .allRefused(refused)
        }
        let distribution = try distribution(of: plan, request.options)
        if let note = distribution.note { emit(.warning(host: nil, message: note)) }
        let source = try await hosts(request.source)
        var drivers: [any HostDriver] = []
        for target in plan.targets { drivers.append(try await hosts(target.host)) }
        let record = OperationRecord(id: id, request: request, journal: journal)
        try await record.begin()
        for finding in plan.findings { emit(.warning(host: request.source, message: finding.message)) }
        for target in plan.targets {
            for finding in target.findings { emit(.warning(host: target.host, message: finding.message)) }
        }
        let operation = CopyOperation(
            id: id, plan: plan, distribution: distribution, budgets: budgets, options: request.options, source: source,
            targets: drivers,
            journal: journal, stop: stop, logger: logger, emit: emit)
        let ended = await operation.run()
        for outcome in refused { emit(.targetEnded(outcome)) }
        let outcomes = request.targets.compactMap { host in (ended + refused).first { $0.host == host } }
        let state: OperationState =
            stop.reason?.code == .cancelled
            ? .cancelled : outcomes.allSatisfy { $0.error == nil } ? .completed : .failed
        let result = OperationResult(
            id: id, kind: request.kind, vm: request.vm, source: request.source, state: state, targets: outcomes,
            seconds: begin.duration(to: .now) / .seconds(1))
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
