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
    /// - Parameters:
    ///   - observed: rates that count where the topology has no figure.
    ///   - minute: of the week, for links whose limit has a timetable.
    package static func plan(
        from source: String, to targets: [String], fleet: Fleet, shape: CloneOptions.FanOut, payload: UInt64,
        observed: [ObservedRate] = [], at minute: Int = WallClock.system.minuteOfWeek
    ) throws(KVMCloneError) -> Distribution {
        guard targets.count > 1, shape != .star else { return Distribution() }
        let network = fleet.network(of: [source] + targets, at: minute, observed: observed)
        let request = DistributionRequest(
            network: network, roots: [source], targets: targets, fanOut: FanOut(shape), payload: payload)
        do {
            let plan = try DistributionPlanner.plan(request)
            if plan.slowTargetsAreSlowThemselves { return Distribution(plan: plan) }
            // Targets behind a slow link get the data once, together: what one of them lacks all of them would.
            var whole = request
            whole.splitsCohorts = false
            return Distribution(plan: try DistributionPlanner.plan(whole))
        } catch {
            guard shape == .auto else {
                throw KVMCloneError(
                    .validation, "no distribution as asked: \(error)", whatToDo: error.whatToDo, field: "--fanout")
            }
            return Distribution(note: "the source feeds every target itself: \(error)")
        }
    }
}

extension DistributionPlan {
    /// True when every target of a slow cohort is held back by its own network card or cap, and not by a link that it
    /// shares with others.
    var slowTargetsAreSlowThemselves: Bool {
        cohorts.dropFirst().allSatisfy { cohort in
            cohort.targets.allSatisfy { target in
                guard let member = request.network.members.first(where: { $0.name == target }) else { return false }
                let own = min(member.downlink ?? .infinity, member.inboundCap ?? .infinity)
                return own <= 1.25 * max(cohort.rate, cohort.rateAlone)
            }
        }
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
