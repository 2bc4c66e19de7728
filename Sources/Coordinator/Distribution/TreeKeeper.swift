import AgentProtocol
import Logging
import Model
import Planner

/// Two agents that are to be joined, and what came of it.
private struct JoinAttempt: Sendable {
    let parent: String
    let child: String
    let streams: [UInt16]
    let joiner: Joiner
    var answer: Result<TreeKeeper.Joined, KVMCloneError>?

    var hasJoined: Bool { if case .success? = answer { true } else { false } }
}

/// Joins the agents of an operation as the trees have it, and finds new parents for those whose parent is lost.
actor TreeKeeper {
    /// How a target was joined: the worst of its ways, and why it isn't a direct one.
    typealias Joined = (path: DataPath?, notes: [String])

    let operation: CopyOperation
    /// How fast it went, and why.
    nonisolated let pace: PaceRecord
    private(set) var ends: [String: JoinEnd]
    var state: TreeState?
    private(set) var finished: Set<String> = []
    /// Hosts that don't answer at the moment.
    var quiet: Set<String> = []
    /// Targets that somebody waits for no more.
    var lagging: Set<String> = []
    private var waiting: [(host: String, CheckedContinuation<Void, Never>)] = []
    /// Targets that have gone on to publish: they pass on and repair nothing any more.
    private(set) var departed: Set<String> = []
    private var isEnded = false
    /// How many targets each host repairs now.
    var repairs: [String: Int] = [:]
    var repairFlows: [Flow: Double] = [:]
    /// What targets lack that have some of it already.
    private var missing: [String: DiskRanges] = [:]

    init(operation: CopyOperation, source: OpenSend.Response) {
        self.operation = operation
        pace = PaceRecord(streams: operation.streams)
        ends = [operation.source.name: JoinEnd(driver: operation.source, salt: source.salt)]
    }

    // MARK: Joining

    /// A target has made its files and is ready to be joined. `missing`: what it lacks; nil for everything.
    func isReady(_ host: String, driver: any HostDriver, salt: HexBytes, missing: DiskRanges?) {
        ends[host] = JoinEnd(driver: driver, salt: salt)
        self.missing[host] = missing
    }

    /// What the source sends to everybody; nil for all of it. What only some targets lack they get by repairs, from others
    /// where those have it.
    var ranges: [[[UInt64]]]? {
        let needy = missing.filter { ends[$0.key] != nil && !$0.value.isEmpty }.map(\.value)
        // Without it nobody is asked what is missing.
        guard operation.sendsRanges else { return nil }
        guard let first = needy.first else { return operation.plan.files.map { _ in [] } }
        return needy.dropFirst().reduce(first) { $0.intersection($1) }.pairs
    }

    /// True when every target that is left has all of it already.
    var nobodyLacksAnything: Bool {
        operation.sendsRanges
            && operation.plan.targets.allSatisfy { ends[$0.host] == nil || missing[$0.host]?.isEmpty ?? false }
    }

    /// Joins everybody who is ready, and answers for each target.
    func join() async -> [String: Result<Joined, KVMCloneError>] {
        let source = operation.source.name
        let present = operation.plan.targets.map(\.host).filter { ends[$0] != nil }
        // Who has everything needs nobody.
        let complete = present.filter { missing[$0]?.isEmpty ?? false }
        let ready = present.filter { !complete.contains($0) }
        let (layout, plan) = self.layout(for: ready)
        state = TreeState(source: source, layout: layout, plan: plan)
        var answers = await Self.join(
            layout.edges.compactMap { edge in
                attempt(
                    edge.parent, edge.child, edge.streams,
                    terms: layout.terms(from: edge.parent, to: edge.child, stripes: edge.stripes, plan: plan))
            })
        // Whoever can't be joined to another target, which may be the other's fault, gets it from the source.
        let failed = answers.filter { !$0.hasJoined && $0.parent != source }
        let again = failed.compactMap { failure in
            let stripes = layout.stripes.indices.filter { layout.stripes[$0].parents[failure.child] == failure.parent }
            guard let generation = state?.move(failure.child, to: source, in: stripes) else {
                return nil as JoinAttempt?
            }
            let terms = layout.terms(from: source, to: failure.child, stripes: stripes, plan: plan)
            return attempt(source, failure.child, failure.streams, terms: terms, generation: generation)
        }
        if !again.isEmpty {
            answers.removeAll { !$0.hasJoined && $0.parent != source }
            answers += await Self.join(again)
        }
        await budget()
        return Dictionary(grouping: answers, by: \.child).mapValues(Self.together).merging(
            complete.map { ($0, .success((nil, []))) }
        ) { $1 }
    }

    /// Takes shares of the budgets for whoever sends to whom now.
    ///
    /// `renewed`: a pair that was joined again, whose agents know no limit yet. `waits`: for agents to know theirs.
    func budget(renewed: (parent: String, child: String)? = nil, waits: Bool = true) async {
        guard let layout = state?.layout, !isEnded else { return }
        var flows: [Flow: Double] = repairFlows
        for edge in layout.edges where !finished.contains(edge.child) {
            flows[flow(edge.parent, edge.child, job: operation.job)] =
                Double(edge.streams.count) / Double(layout.streams)
        }
        let again = renewed.map { flow($0.parent, $0.child, job: operation.job) }
        let source = Flow(operation: operation.id, job: operation.job, parent: operation.source.name, child: nil)
        await operation.budgets.set(
            flows, of: operation.id, limit: operation.options.bandwidthLimit.map { OperationLimit($0, whole: source) },
            renewing: again, waits: waits
        ) { [self] rates in await limit(rates) }
    }

    func flow(_ parent: String, _ child: String, job: HexBytes) -> Flow {
        Flow(operation: operation.id, job: job, parent: parent, child: child)
    }

    private func limit(_ rates: [Flow: UInt64?]) async {
        await withTaskGroup { group in
            for (name, flows) in Dictionary(grouping: rates, by: \.key.parent) {
                guard let parent = ends[name]?.driver, !quiet.contains(name) else { continue }
                group.addTask { [operation] in
                    for (flow, rate) in flows {
                        do throws(KVMCloneError) {
                            _ = try await within(.seconds(5), on: name) { () throws(KVMCloneError) in
                                try await parent.call(SetRate(job: flow.job, child: flow.child, rate: rate))
                            }
                        } catch {
                            // A sender that is gone sends nothing.
                            operation.logger.log(
                                level: error.code == .operationNotFound ? .debug : .warning, "no limit set",
                                metadata: ["host": "\(name)", "error": "\(error)"])
                        }
                    }
                }
            }
        }
    }

    private func attempt(
        _ parent: String, _ child: String, _ streams: [UInt16], terms: LinkTerms, generation: Int = 0
    ) -> JoinAttempt? {
        guard let near = ends[parent], let far = ends[child] else { return nil }
        let links = streams.map { UInt16(generation * TreeState.streamsPerGeneration) + $0 }
        return JoinAttempt(
            parent: parent, child: child, streams: streams, joiner: joiner(near, far, links: links, terms),
            answer: nil)
    }

    private static func together(_ attempts: [JoinAttempt]) -> Result<Joined, KVMCloneError> {
        var joined: Joined = (.direct, [])
        for attempt in attempts {
            switch attempt.answer {
            case .success(let one)?:
                if one.path == .coordinator { joined.path = .coordinator }
                joined.notes += one.notes
            case .failure(let error)?: return .failure(error)
            case nil: break
            }
        }
        return .success(joined)
    }

    /// Joins many pairs at once.
    private static func join(_ attempts: [JoinAttempt]) async -> [JoinAttempt] {
        await withTaskGroup(of: JoinAttempt.self) { group in
            for attempt in attempts {
                group.addTask {
                    var attempt = attempt
                    do throws(KVMCloneError) {
                        let joined = try await attempt.joiner.join()
                        attempt.answer = .success((joined.path, [joined.note].compactMap { $0 }))
                    } catch {
                        attempt.answer = .failure(error)
                    }
                    return attempt
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// The trees that were planned, made anew if a target is missing.
    private func layout(for ready: [String]) -> (TreeLayout, DistributionPlan?) {
        let source = operation.source.name
        let streams = operation.streams
        let star = TreeLayout.star(source: source, targets: ready, streams: streams)
        guard operation.isInTrees, ready.count > 1, var plan = operation.distribution.plan else { return (star, nil) }
        if Set(plan.request.targets) != Set(ready) {
            var request = plan.request
            request.targets = ready
            request.mostStripes = min(8, streams)
            do { plan = try DistributionPlanner.plan(request) } catch {
                operation.logger.warning("no trees", metadata: ["error": "\(error)"])
                return (star, nil)
            }
        }
        let layout = TreeLayout(plan, streams: streams)
        return layout.streams == streams ? (layout, plan) : (star, nil)
    }

    private func joiner(_ parent: JoinEnd, _ child: JoinEnd, links: [UInt16], _ terms: LinkTerms) -> Joiner {
        Joiner(
            job: operation.job, parent: parent, child: child, links: links, terms: terms,
            choice: operation.options.path)
    }

    // MARK: Losses

    /// Answers what one agent tells: a link of a living target that is lost gets a new parent.
    func lost(_ loss: LinkLoss, toldBy host: String) async {
        guard operation.isInTrees, !isEnded, state != nil, let link = loss.link else { return }
        let child = loss.child ?? host
        let generation = Int(link) / TreeState.streamsPerGeneration
        // A parent loses all links to a child at once; a child tells of each.
        let streams = loss.child == nil ? [link % UInt16(TreeState.streamsPerGeneration)] : nil
        let stripes = state?.stripes(of: child, generation: generation, streams: streams) ?? []
        // Whoever is quiet tells of its links when it answers again.
        guard !stripes.isEmpty, !finished.contains(child), !quiet.contains(child) else { return }
        operation.logger.info(
            "link lost", metadata: ["host": "\(child)", "told by": "\(host)", "reason": "\(loss.reason)"])
        await findParent(for: child, in: stripes, avoiding: [])
    }

    /// Joins `child` to a new parent in each of the stripes. One that can't be joined, for it has ended as well or has
    /// no more to give, is avoided the next time.
    private func findParent(for child: String, in stripes: [Int], avoiding avoided: Set<String>) async {
        for (parent, stripes, generation) in state?.reparent(child, in: stripes, avoiding: avoided.union(quiet)) ?? [] {
            guard let near = ends[parent], let far = ends[child], let layout = state?.layout else { continue }
            let links = stripes.flatMap { layout.stripes[$0].streams }.map {
                UInt16(generation * TreeState.streamsPerGeneration) + $0
            }
            do {
                var terms = layout.terms(from: parent, to: child, stripes: stripes, plan: state?.plan)
                // The links are limited from their first byte on.
                await budget(waits: false)
                terms.rate = await operation.budgets.rate(of: flow(parent, child, job: operation.job))
                _ = try await joiner(near, far, links: links, terms).join()
                await budget(renewed: (parent, child))
                operation.logger.info("new parent", metadata: ["host": "\(child)", "parent": "\(parent)"])
            } catch {
                operation.logger.info(
                    "not to be joined", metadata: ["host": "\(child)", "parent": "\(parent)", "error": "\(error)"])
                if parent == operation.source.name || !(state?.alive.contains(child) ?? false) {
                    state?.giveUp(child, stripes: stripes, generation: generation)
                } else {
                    await findParent(for: child, in: stripes, avoiding: avoided.union([parent]))
                }
            }
        }
    }

    /// A target has failed and is rolled back: nobody is joined to it again.
    func fail(_ host: String) {
        state?.remove(host)
        ends[host] = nil
        end(host)
    }

    // MARK: The end

    /// A target has everything.
    func finish(_ host: String) { end(host) }

    private func end(_ host: String) {
        finished.insert(host)
        let ready = waiting.filter { mayDepart($0.host) }
        waiting.removeAll { mayDepart($0.host) }
        for (host, continuation) in ready {
            departed.insert(host)
            continuation.resume()
        }
        guard isOver, !isEnded else {
            // The others may have its share.
            Task { await budget() }
            return
        }
        isEnded = true
        if operation.isInTrees {
            // Its own end shows whether the source has heard it.
            Task { [operation] in _ = try? await operation.source.call(RunDry(job: operation.job)) }
        }
    }

    /// True when all targets are finished that are as fast as this one: until then it may have to pass something on.
    private func mayDepart(_ host: String) -> Bool {
        let cohorts = state?.plan?.cohorts ?? []
        let mine = cohorts.firstIndex { $0.targets.contains(host) } ?? cohorts.count
        let others = cohorts.isEmpty ? operation.plan.targets.map(\.host) : cohorts.prefix(mine + 1).flatMap(\.targets)
        return others.allSatisfy(finished.contains)
    }

    /// True when every target has everything, or has failed.
    var isOver: Bool { operation.plan.targets.allSatisfy { finished.contains($0.host) } }

    /// Waits until `host` is needed no more by targets that are as fast. Slower ones get what they lack from the source
    /// when nobody else is left.
    func depart(_ host: String) async {
        guard operation.isInTrees, !mayDepart(host) else {
            departed.insert(host)
            return
        }
        await withCheckedContinuation { waiting.append((host, $0)) }
    }

    /// Targets that are still receiving, and can be asked.
    var unfinished: [String] {
        operation.plan.targets.map(\.host).filter { !finished.contains($0) && ends[$0] != nil && !quiet.contains($0) }
    }
}
