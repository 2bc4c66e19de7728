import Model
import Topology

/// Divides what links, hosts and operations allow among the flows that use them.
struct BudgetShares {
    private enum Resource: Hashable {
        /// A direction of a link, with all that is sent over it.
        case link(from: String, to: String)
        case inbound(String)
        /// What one host sends for an operation with a limit.
        case sender(OperationID, String)
        /// What crosses a direction of a link for an operation with a limit.
        case crossing(OperationID, from: String, to: String)
    }

    private struct State {
        var left: Double
        var weight = 0.0
        var flows: [Flow] = []
    }

    /// Bytes per second for each flow that something limits, so that no budget is exceeded, whatever the flows would
    /// like. Flows grow by weight until a budget on their way is used up; what they leave of other budgets is the
    /// others'.
    /// - Parameters:
    ///   - flows: with the part of a copy's data that each carries.
    ///   - minute: of the week, for timetables.
    ///   - limits: of operations.
    static func rates(
        _ flows: [Flow: Double], fleet: Fleet?, minute: Int, limits: [OperationID: UInt64] = [:]
    ) -> [Flow: UInt64] {
        let flows = flows.mapValues { max($0, 1e-6) }
        var states: [Resource: State] = [:]
        var resources: [Flow: [Resource]] = [:]
        for (flow, weight) in flows {
            for (resource, budget) in budgets(of: flow, fleet: fleet, minute: minute, limits: limits) {
                states[resource, default: State(left: Double(budget))].weight += weight
                states[resource]?.flows.append(flow)
                resources[flow, default: []].append(resource)
            }
        }
        var rates: [Flow: UInt64] = [:]
        var level = 0.0
        while let (scarcest, step) = scarcest(of: states) {
            level += step
            for resource in states.keys {
                guard let state = states[resource] else { continue }
                states[resource]?.left = max(0, state.left - step * state.weight)
            }
            for flow in states.removeValue(forKey: scarcest)?.flows ?? [] where rates[flow] == nil {
                let weight = flows[flow] ?? 0
                rates[flow] = UInt64(max(1, weight * level))
                for resource in resources[flow] ?? [] { states[resource]?.weight -= weight }
            }
        }
        return rates
    }

    /// The budget that is used up first when all flows that are left grow, and by how much they may.
    private static func scarcest(of states: [Resource: State]) -> (Resource, step: Double)? {
        // What is left of a weight when all of its flows are settled is rounding.
        let used = states.lazy.filter { $0.value.weight > 1e-9 }
        return used.map { ($0.key, step: $0.value.left / $0.value.weight) }.min { $0.step < $1.step }
    }

    private static func budgets(
        of flow: Flow, fleet: Fleet?, minute: Int, limits: [OperationID: UInt64]
    ) -> [(Resource, UInt64)] {
        var budgets: [(Resource, UInt64)] = []
        let limit = limits[flow.operation]
        if let limit { budgets.append((.sender(flow.operation, flow.parent), limit)) }
        guard let name = flow.child, let child = fleet?.host(named: name) else { return budgets }
        if let cap = child.inboundCap { budgets.append((.inbound(name), cap)) }
        guard let from = fleet?.host(named: flow.parent)?.site, let to = child.site, from != to else { return budgets }
        if let limit { budgets.append((.crossing(flow.operation, from: from, to: to), limit)) }
        if let allowance = fleet?.link(between: from, and: to)?.allowance(at: minute) {
            budgets.append((.link(from: from, to: to), allowance))
        }
        return budgets
    }
}
