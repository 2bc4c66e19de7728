/// What a target may expect.
public struct TargetForecast: Sendable, Equatable, Codable {
    /// The target.
    public let target: String
    /// What it gets while all cohorts run, in bytes per second.
    public let rate: Double
    /// Seconds until it has everything.
    public let seconds: Double
}

extension DistributionPlan {
    /// The bytes of a frame, which a relay has to have before it sends it on.
    static let frameBytes = Double(1 << 20)

    /// When each target has `bytes` bytes, in the order of the request. Counts that units don't divide evenly among
    /// stripes, that a slow cohort is faster once the others are done, and what each hop adds until the first frame
    /// is through. Does not count round trips, connecting and verifying.
    public func forecast(bytes: UInt64) -> [TargetForecast] {
        let graph = ResourceGraph(request.network)
        let finish = finishTimes(payload: Double(bytes), units: Self.units(bytes))
        var found: [String: TargetForecast] = [:]
        for (cohort, end) in zip(cohorts, finish) {
            let fill = fillTimes(of: cohort, in: graph)
            for target in cohort.targets {
                let seconds = bytes == 0 ? 0 : end + (fill[target] ?? 0)
                found[target] = TargetForecast(target: target, rate: cohort.rate, seconds: seconds)
            }
        }
        return request.targets.compactMap { found[$0] }
    }

    static func units(_ bytes: UInt64) -> UInt64 {
        bytes / StripeSchedule.unitBytes + (bytes % StripeSchedule.unitBytes > 0 ? 1 : 0)
    }

    /// Seconds that each cohort takes for `payload` bytes.
    func finishTimes(payload: Double, units: UInt64? = nil) -> [Double] {
        var ends: [Double] = []
        for cohort in cohorts {
            let work = payload * cohort.unevenness(units: units)
            let others = ends.max() ?? 0
            let early = cohort.rate * others
            if early >= work {
                ends.append(work / cohort.rate)
            } else {
                ends.append(others + (work - early) / max(cohort.rateAlone, .leastNormalMagnitude))
            }
        }
        return ends
    }

    /// Seconds until the first frame of the slowest stripe is at each target: every parent sends it to its children in
    /// turn.
    private func fillTimes(of cohort: Cohort, in graph: ResourceGraph) -> [String: Double] {
        var slowest: [String: Double] = [:]
        for stripe in cohort.stripes {
            var degree: [String: Int] = [:]
            for edge in stripe.edges { degree[edge.parent, default: 0] += 1 }
            var arrival: [String: Double] = [:]
            for edge in stripe.edges {
                guard let from = graph.index[edge.parent], let to = graph.index[edge.child] else { continue }
                var rate = min(graph.capacities[from] / Double(degree[edge.parent] ?? 1), graph.intake[to])
                graph.forEachResource(from: from, to: to) { rate = min(rate, graph.capacities[$0]) }
                let time = (arrival[edge.parent] ?? 0) + Self.frameBytes / rate
                arrival[edge.child] = time
                slowest[edge.child] = max(slowest[edge.child] ?? 0, time)
            }
        }
        return slowest
    }
}

extension DistributionPlan.Cohort {
    /// How much longer the stripe with the most units takes than its weight says; 1 if the units divide evenly.
    func unevenness(units: UInt64?) -> Double {
        guard let units, units > 0 else { return 1 }
        let counts = schedule.counts(ofFirst: units)
        return zip(counts, stripes).map { Double($0) / Double(units) / max($1.share, 1e-9) }.max() ?? 1
    }
}
