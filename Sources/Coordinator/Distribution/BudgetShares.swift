import AgentProtocol
import Model
import Topology

/// One sender and one receiver within a job of an operation.
package struct Flow: Hashable, Sendable {
    package var operation: OperationID
    /// The sender's job, which may be a repair.
    package var job: HexBytes
    package var parent: String
    package var child: String

    package init(operation: OperationID, job: HexBytes, parent: String, child: String) {
        self.operation = operation
        self.job = job
        self.parent = parent
        self.child = child
    }
}

/// Divides what links and hosts allow among the flows that use them.
enum BudgetShares {
    private enum Resource: Hashable {
        case link(from: String, to: String)
        case inbound(String)
    }

    /// Bytes per second for each flow that something limits: of every link and inbound cap that it uses, its share by
    /// weight, and of these the least. So no budget is exceeded, whatever the flows would like.
    /// - Parameters:
    ///   - flows: with the part of a copy's data that each carries.
    ///   - minute: of the day, for timetables.
    static func rates(_ flows: [Flow: Double], fleet: Fleet, minute: Int) -> [Flow: UInt64] {
        var used: [Resource: Double] = [:]
        var budgets: [Resource: UInt64] = [:]
        var resources: [Flow: [Resource]] = [:]
        for (flow, weight) in flows {
            for (resource, budget) in Self.budgets(of: flow, fleet: fleet, minute: minute) {
                budgets[resource] = budget
                used[resource, default: 0] += weight
                resources[flow, default: []].append(resource)
            }
        }
        return resources.reduce(into: [:]) { rates, entry in
            let (flow, resources) = entry
            let shares = resources.map { resource in
                Double(budgets[resource] ?? 0) * (flows[flow] ?? 0) / max(used[resource] ?? 0, .leastNonzeroMagnitude)
            }
            rates[flow] = shares.min().map { UInt64(max(1, $0)) }
        }
    }

    private static func budgets(of flow: Flow, fleet: Fleet, minute: Int) -> [(Resource, UInt64)] {
        var budgets: [(Resource, UInt64)] = []
        let (parent, child) = (fleet.host(named: flow.parent), fleet.host(named: flow.child))
        if let cap = child?.inboundCap { budgets.append((.inbound(flow.child), cap)) }
        if let from = parent?.site, let to = child?.site, from != to,
            let allowance = fleet.link(between: from, and: to)?.allowance(at: minute)
        {
            budgets.append((.link(from: from, to: to), allowance))
        }
        return budgets
    }
}
