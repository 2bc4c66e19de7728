import Glibc
import Model
import Planner
import Topology

/// How an operation's targets get their data.
package struct Distribution: Sendable, Equatable {
    /// The planner's trees; nil where every target is fed by the source itself and nothing is to be decided.
    package var plan: DistributionPlan?
    /// Why there is no plan although one was wanted.
    package var note: String?

    /// Plans the way from `source` to `targets`.
    package static func plan(
        from source: String, to targets: [String], fleet: Fleet, shape: CloneOptions.FanOut, payload: UInt64
    ) throws(KVMCloneError) -> Distribution {
        guard targets.count > 1, shape != .star else { return Distribution() }
        let network = fleet.network(of: [source] + targets, at: Self.minuteOfDay())
        let request = DistributionRequest(
            network: network, roots: [source], targets: targets, fanOut: FanOut(shape), payload: payload)
        do {
            return Distribution(plan: try DistributionPlanner.plan(request))
        } catch {
            guard shape == .auto else {
                throw KVMCloneError(
                    .validation, "no distribution as asked: \(error)", whatToDo: error.whatToDo, field: "--fanout")
            }
            return Distribution(note: "the source feeds every target itself: \(error)")
        }
    }

    /// Local time, as timetables mean it.
    package static func minuteOfDay() -> Int {
        var now = time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        return Int(parts.tm_hour) * 60 + Int(parts.tm_min)
    }
}

extension FanOut {
    init(_ shape: CloneOptions.FanOut) {
        switch shape {
        case .auto: self = .auto
        case .star: self = .star
        case .chain: self = .chain
        case .tree: self = .tree
        }
    }
}
