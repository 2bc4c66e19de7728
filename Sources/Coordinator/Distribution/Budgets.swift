import Model
import Topology

/// What all operations of one coordinator may send over each link and to each host, and what each may send at all.
package actor Budgets {
    /// Tells an operation's agents their limits; nil: none any more.
    package typealias Apply = @Sendable ([Flow: UInt64?]) async -> Void

    private struct Member {
        var flows: [Flow: Double]
        var limit: OperationLimit?
        var apply: Apply
    }

    nonisolated let fleet: Fleet?
    nonisolated let clock: WallClock
    private var members: [OperationID: Member] = [:]
    private var applied: [Flow: UInt64] = [:]
    private var ended: Set<OperationID> = []
    /// Those that something held back, or others got in the way of, at any time.
    private var disturbed: Set<OperationID> = []
    /// The last change that is being told, for those that come after it.
    private var telling: Task<Void, Never>?

    package init(fleet: Fleet?, clock: WallClock = .system) {
        self.fleet = fleet
        self.clock = clock
    }

    /// Replaces the flows of an operation, and returns when all agents concerned know their limits.
    /// One that has ended gets no shares any more.
    /// - Parameters:
    ///   - limit: what the operation by itself is to keep to.
    ///   - renewing: a flow whose agents have forgotten its limit.
    ///   - waits: false to return when the shares are known here.
    package func set(
        _ flows: [Flow: Double], of operation: OperationID, limit: OperationLimit? = nil, renewing: Flow? = nil,
        waits: Bool = true, apply: @escaping Apply
    ) async {
        guard !ended.contains(operation) else { return }
        if let renewing { applied[renewing] = nil }
        members[operation] = Member(flows: flows, limit: limit, apply: apply)
        let telling = tellChanges()
        if waits { await telling.value }
    }

    /// A run of an operation begins, which may have ended before.
    package func begin(_ operation: OperationID) { ended.remove(operation) }

    /// Gives the operation's shares to the others.
    package func end(_ operation: OperationID) async {
        ended.insert(operation)
        disturbed.remove(operation)
        guard members.removeValue(forKey: operation) != nil else { return }
        applied = applied.filter { $0.key.operation != operation }
        await refresh()
    }

    /// What options limit an operation to at this moment, in bytes per second; nil: nothing.
    package nonisolated func limit(of options: CloneOptions) -> UInt64? {
        options.bandwidthLimit?.limit(at: clock.minuteOfWeek)
    }

    /// What a flow may send now, in bytes per second; nil: nothing limits it.
    package func rate(of flow: Flow) -> UInt64? { applied[flow] }

    /// False when an operation was ever limited, or shared a host or a link with another one that ran beside it.
    package func isUndisturbed(_ operation: OperationID) -> Bool { !disturbed.contains(operation) }

    /// Computes all limits again whenever the time of day may have changed them, until the task is cancelled.
    package func keepTime() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: .seconds(clock.secondsUntilNextLook)) } catch { return }
            await refresh()
        }
    }

    /// Computes all limits again, and tells those that differ: first what shrinks, so that no budget is exceeded while
    /// agents are told.
    package func refresh() async { await tellChanges().value }

    private func tellChanges() -> Task<Void, Never> {
        let rates = rates()
        note(rates)
        var lowered: [OperationID: [Flow: UInt64?]] = [:]
        var raised: [OperationID: [Flow: UInt64?]] = [:]
        for flow in Set(rates.keys).union(applied.keys) where rates[flow] != applied[flow] {
            // One that is gone has no agents to tell.
            guard let member = members[flow.operation], member.flows[flow] != nil || member.limit?.whole == flow else {
                continue
            }
            if let rate = rates[flow], rate < applied[flow] ?? .max {
                lowered[flow.operation, default: [:]][flow] = .some(rate)
            } else {
                raised[flow.operation, default: [:]][flow] = .some(rates[flow])
            }
        }
        applied = rates
        let told = [lowered, raised].map { changes in
            changes.compactMap { operation, changes in members[operation].map { ($0.apply, changes) } }
        }
        // One after the other, so that no older limit comes after a newer one.
        let earlier = telling
        let telling = Task {
            await earlier?.value
            for changes in told {
                await withTaskGroup { group in
                    for (apply, changes) in changes { group.addTask { await apply(changes) } }
                }
            }
        }
        self.telling = telling
        return telling
    }

    private func rates() -> [Flow: UInt64] {
        let minute = clock.minuteOfWeek
        let flows = members.values.reduce(into: [Flow: Double]()) { $0.merge($1.flows) { one, _ in one } }
        let limits = members.compactMapValues { $0.limit?.timetable.limit(at: minute) }
        var rates = BudgetShares.rates(flows, fleet: fleet, minute: minute, limits: limits)
        for (operation, limit) in limits {
            if let whole = members[operation]?.limit?.whole { rates[whole] = limit }
        }
        return rates
    }

    private func note(_ rates: [Flow: UInt64]) {
        disturbed.formUnion(rates.keys.map(\.operation))
        guard members.count > 1 else { return }
        var users: [String: OperationID] = [:]
        for (operation, member) in members {
            for place in Set(member.flows.keys.flatMap(places)) {
                if let other = users.updateValue(operation, forKey: place) { disturbed.formUnion([operation, other]) }
            }
        }
    }

    /// The hosts that a flow uses, and the link.
    private func places(_ flow: Flow) -> [String] {
        let hosts = [flow.parent] + (flow.child.map { [$0] } ?? [])
        let sites = hosts.compactMap { fleet?.host(named: $0)?.site }
        return hosts.map { "host \($0)" } + (sites.count == 2 && sites[0] != sites[1] ? ["link \(sites.sorted())"] : [])
    }
}
