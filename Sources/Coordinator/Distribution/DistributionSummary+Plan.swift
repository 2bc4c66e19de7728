import Model
import Planner
import Topology

extension Coordinator {
    /// What a run of `plan` would do to get the data to its targets. Targets that a finding keeps out are left out, as
    /// the run does; nil when nothing would be sent.
    package func distributionSummary(
        of plan: ClonePlan, _ options: CloneOptions
    ) throws(KVMCloneError) -> DistributionSummary? {
        var plan = plan
        plan.targets.removeAll { !$0.findings.blockers.isEmpty }
        guard plan.findings.blockers.isEmpty, !plan.targets.isEmpty else { return nil }
        let distribution = try distribution(of: plan, options)
        let targets = plan.targets.map(\.host)
        let fleet = fleet ?? Fleet(name: "", sites: [], links: [], hosts: [])
        var summary =
            distribution.plan.map(DistributionSummary.init)
            ?? DistributionSummary(
                starFrom: plan.source, to: targets, fanOut: options.fanOut,
                network: fleet.network(of: [plan.source] + targets, at: Distribution.minuteOfDay()),
                bytes: plan.files.reduce(0) { $0 + min($1.used, $1.size) }, note: distribution.note)
        summary.bandwidthLimit = options.bandwidthLimit
        return summary
    }
}

extension DistributionSummary {
    /// The facts of a plan, for the payload that its request names.
    package init(_ plan: DistributionPlan) {
        let request = plan.request
        let bytes = request.payload ?? 0
        let traffic = plan.traffic(bytes: bytes)
        self.init(
            fanOut: CloneOptions.FanOut(request.fanOut),
            isStar: plan.cohorts.allSatisfy { cohort in
                cohort.stripes.allSatisfy { $0.edges.allSatisfy { request.roots.contains($0.parent) } }
            }, source: request.roots.first ?? "", bytes: bytes, rate: plan.rate, bound: plan.bound, share: plan.share,
            cohorts: plan.cohorts.map { cohort in
                Cohort(
                    targets: cohort.targets, rate: cohort.rate, bound: cohort.bound, share: cohort.share,
                    stripes: cohort.stripes.map { stripe in
                        Stripe(
                            share: stripe.share, rate: stripe.rate, depth: stripe.depth,
                            edges: stripe.edges.map { Edge(parent: $0.parent, child: $0.child) })
                    })
            },
            targets: plan.forecast(bytes: bytes).map { Target(host: $0.target, rate: $0.rate, seconds: $0.seconds) },
            links: traffic.links.map { Crossing(from: $0.direction.from, to: $0.direction.to, bytes: $0.bytes) },
            ingress: traffic.ingress.map { Ingress(site: $0.name, bytes: $0.bytes) },
            sent: traffic.sent.map { Sent(host: $0.name, bytes: $0.bytes) }, assumed: Assumed(request.network),
            note: nil)
    }

    /// The facts of what the source does when it sends to every target itself. Where the network has no way from the
    /// source to a target there is no forecast, and the note says why.
    package init(
        starFrom source: String, to targets: [String], fanOut: CloneOptions.FanOut, network: DistributionNetwork,
        bytes: UInt64, note: String? = nil
    ) {
        let request = DistributionRequest(
            network: network, roots: [source], targets: targets, fanOut: .star, payload: bytes, splitsCohorts: false)
        do throws(PlanError) {
            self.init(try DistributionPlanner.plan(request))
            self.note = note
        } catch {
            self.init(
                fanOut: fanOut, isStar: true, source: source, bytes: bytes, cohorts: [], targets: [], links: [],
                ingress: [], sent: [], assumed: Assumed(network), note: note ?? "there is no forecast: \(error)")
        }
        self.fanOut = fanOut
    }
}

extension DistributionSummary.Assumed {
    init(_ network: DistributionNetwork) {
        let sites = Set(network.members.compactMap(\.site))
        self.init(
            rate: DistributionNetwork.defaultRate,
            hosts: network.members.filter { $0.uplink == nil || $0.downlink == nil }.map(\.name),
            links: network.links.filter {
                $0.capacity == nil && sites.contains($0.first) && sites.contains($0.second)
            }.map { [$0.first, $0.second] })
    }
}

extension CloneOptions.FanOut {
    init(_ shape: FanOut) {
        switch shape {
        case .auto: self = .auto
        case .star: self = .star
        case .chain: self = .chain
        case .tree: self = .tree
        }
    }
}
