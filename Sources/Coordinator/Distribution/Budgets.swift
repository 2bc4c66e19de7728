import Model
import Topology

/// What all operations of one coordinator may send over each link and to each host.
package actor Budgets {
    /// Tells an operation's agents their limits; nil: none any more.
    package typealias Apply = @Sendable ([Flow: UInt64?]) async -> Void

    private struct Member {
        var flows: [Flow: Double]
        var apply: Apply
    }

    private let fleet: Fleet?
    private let minute: @Sendable () -> Int
    private var members: [OperationID: Member] = [:]
    private var applied: [Flow: UInt64] = [:]
    private var ended: Set<OperationID> = []
    /// The last change that is being told, for those that come after it.
    private var telling: Task<Void, Never>?

    /// `minute`: tells the minute of the day.
    package init(fleet: Fleet?, minute: @escaping @Sendable () -> Int = Distribution.minuteOfDay) {
        self.fleet = fleet
        self.minute = minute
    }

    /// Replaces the flows of an operation, and returns when all agents concerned know their limits.
    /// One that has ended gets no shares any more.
    /// - Parameter renewing: a flow whose agents have forgotten its limit.
    package func set(
        _ flows: [Flow: Double], of operation: OperationID, renewing: Flow? = nil, apply: @escaping Apply
    ) async {
        guard !ended.contains(operation) else { return }
        if let renewing { applied[renewing] = nil }
        members[operation] = Member(flows: flows, apply: apply)
        await refresh()
    }

    /// Gives the operation's shares to the others.
    package func end(_ operation: OperationID) async {
        ended.insert(operation)
        guard members.removeValue(forKey: operation) != nil else { return }
        applied = applied.filter { $0.key.operation != operation }
        await refresh()
    }

    /// Computes all limits again, as the time of day may have changed them, and tells those that differ.
    package func refresh() async {
        guard let fleet else { return }
        let flows = members.values.reduce(into: [Flow: Double]()) { $0.merge($1.flows) { one, _ in one } }
        let rates = BudgetShares.rates(flows, fleet: fleet, minute: minute())
        var changes: [OperationID: [Flow: UInt64?]] = [:]
        for flow in flows.keys where rates[flow] != applied[flow] {
            changes[flow.operation, default: [:]][flow] = .some(rates[flow])
        }
        applied = rates
        let told = changes.compactMap { operation, changes in members[operation].map { ($0.apply, changes) } }
        // One after the other, so that no older limit comes after a newer one.
        let earlier = telling
        let telling = Task {
            await earlier?.value
            for (apply, changes) in told { await apply(changes) }
        }
        self.telling = telling
        await telling.value
    }
}
