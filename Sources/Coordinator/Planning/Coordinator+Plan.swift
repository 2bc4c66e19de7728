import AgentProtocol
import DomainXML
import Model

extension Coordinator {
    /// Decides what a request will do. Asks all hosts at once and changes nothing. A target that can't be asked has
    /// that as its finding.
    package func plan(_ request: CloneRequest) async throws(KVMCloneError) -> ClonePlan {
        try request.validate()
        openConnections(to: request.targets, newName: request.newName)
        let source = try await SourceFacts.gather(
            vm: request.vm, from: hosts(request.source), options: request.options)
        return try await plan(request, source: source)
    }

    /// The same with what is known of the source.
    func plan(_ request: CloneRequest, source: SourceFacts) async throws(KVMCloneError) -> ClonePlan {
        var (request, source) = (request, source)
        // A replica has what its guest reads: that is what can be compared later on.
        if request.kind.makesReplicas { request.options.view = .guest }
        let running = source.record.activeXML
        var choice: MigrationChoice?
        var obstacles: [PreflightFinding] = []
        if request.kind == .migrate {
            let planner = MigrationPlanner(source: source, options: request.options)
            let chosen = planner.choice()
            (choice, obstacles) = (chosen, planner.findings(chosen))
            if chosen.mode == .cold || chosen.mode == .seeded { source = source.shutOff }
        }
        if choice?.mode == .live {
            // It isn't copied, so that it doesn't matter whether its file systems could be frozen.
            request.options.consistency = .crash
        }
        let planner = ClonePlanner(request: request, source: source)
        var plan = planner.base()
        plan.migration = choice
        plan.findings += obstacles
        let isLive = choice?.mode == .live
        if isLive { plan.files = LivePlanner.files(plan.files, of: source.domain) }
        if choice?.mode == .seeded { plan.readAsItIs("nvram") }
        let isSync = request.kind.makesReplicas
        let gathered = await targetFacts(request, source: source, files: plan.files, isLive: isLive)
        var generator = SystemRandomNumberGenerator()
        for host in request.targets {
            switch gathered[host] {
            case .success(let facts)? where isLive:
                plan.targets.append(
                    LivePlanner(request: request, source: source, facts: facts, files: plan.files).target())
            case .success(let facts)? where isSync:
                plan.targets.append(
                    SyncPlanner(request: request, source: source, facts: facts, files: plan.files).target())
            case .success(let facts)?:
                plan.targets.append(planner.target(facts, files: plan.files, using: &generator))
            case .failure(let error)?:
                plan.targets.append(.unreachable(host, newName: request.newName, error))
            case nil:
                throw KVMCloneError(.general, "no answer for a target", host: host)
            }
        }
        if choice?.mode.keepsRunning ?? false, let running {
            try await checkCPU(running, of: source, &plan)
        }
        if isSync {
            plan.checkpoints = CheckpointPlan(
                source: source, targets: plan.targets, isKept: request.options.checkpoint)
            plan.findings += checkpointFindings(
                plan, isWanted: request.options.checkpoint && request.kind == .sync)
            if let checkpoints = plan.checkpoints {
                for place in plan.targets.indices { plan.targets[place].noteLost(checkpoints) }
            }
        }
        return plan
    }

    /// Adds what is to be said of the CPU that a guest takes along.
    private func checkCPU(
        _ running: String, of source: SourceFacts, _ plan: inout ClonePlan
    ) async throws(KVMCloneError) {
        let check = CPUCheck(
            running: running, kind: source.kind, source: try await hosts(source.host))
        // Of a host that can't be asked, that is said already.
        for place in plan.targets.indices where plan.targets[place].findings.error(on: "") == nil {
            plan.targets[place].findings += await check.findings(on: try await hosts(plan.targets[place].host))
        }
    }

    /// What all targets say of themselves, asked at once.
    private func targetFacts(
        _ request: CloneRequest, source: SourceFacts, files: [ClonePlan.File], isLive: Bool
    ) async -> [String: Result<TargetFacts, KVMCloneError>] {
        let (isSync, newName) = (request.kind.makesReplicas, request.newName)
        let question = TargetFacts.Question(
            syncsFrom: isSync ? request.source : nil,
            fileNames: {
                if isLive { return LivePlanner.names(files, vm: newName, replica: $0) }
                return isSync
                    ? SyncPlanner.names(files, name: newName, replica: $0) : FilePlanner.names(for: files, vm: newName)
            }, paths: source.pathsNeededOnTarget(request.options).map(\.path))
        let pool = request.options.pool
        let kind = source.kind
        return await withTaskGroup(of: (String, Result<TargetFacts, KVMCloneError>).self) { group in
            for host in request.targets {
                group.addTask {
                    do throws(KVMCloneError) {
                        let facts = try await TargetFacts.gather(
                            from: hosts(host), newName: newName, kind: kind, pool: pool, question)
                        return (host, .success(facts))
                    } catch {
                        return (host, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    private func checkpointFindings(_ plan: ClonePlan, isWanted: Bool) -> [PreflightFinding] {
        guard isWanted else { return [] }
        guard plan.consistency != nil else {
            return [
                .warning(
                    .sync, "VM '\(plan.vm)' doesn't run, and gets no checkpoint: what differs is found by comparing")
            ]
        }
        return plan.liveDisks.filter { !$0.hasBitmaps }.map {
            .warning(
                .sync, "disk \($0.disk) is \($0.sourceFormat), and has no dirty bitmap: it is compared each time")
        }
    }

    /// Lets the targets connect while the source is still looked at. What fails here fails again where it is asked
    /// for.
    private func openConnections(to targets: [String], newName: String) {
        for host in targets {
            Task { _ = try? await hosts(host).domain(named: newName) }
        }
    }
}
