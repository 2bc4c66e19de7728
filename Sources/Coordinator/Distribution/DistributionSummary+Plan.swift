import Model
import Planner
import Topology

extension Coordinator {
    /// What a run of `plan` would do to get the data to its targets. Targets that a finding keeps out are left out, as
    /// the run does; nil when nothing would be sent.
    /// - Parameter observed: rates that count where the topology has no figure.
    package func distributionSummary(
        of plan: ClonePlan, _ options: CloneOptions, observed: [ObservedRate] = []
    ) throws(KVMCloneError) -> DistributionSummary? {
        var plan = plan
        plan.targets.removeAll { !$0.findings.blockers.isEmpty }
        guard plan.findings.blockers.isEmpty, !plan.targets.isEmpty else { return nil }
        let distribution = try distribution(of: plan, options, observed: observed)
        let targets = plan.targets.map(\.host)
        let fleet = fleet ?? Fleet(name: "", sites: [], links: [], hosts: [])
        let minute = budgets.clock.minuteOfWeek
        let network = fleet.network(of: [plan.source] + targets, at: minute, observed: observed)
        var summary =
            distribution.plan.map(DistributionSummary.init)
            ?? DistributionSummary(
                starFrom: plan.source, to: targets, fanOut: options.fanOut, network: network,
                bytes: plan.files.reduce(0) { $0 + min($1.used, $1.size) }, note: distribution.note)
        summary.bandwidthLimit = options.bandwidthLimit?.limit(at: minute)
        if let timetable = options.bandwidthLimit, !timetable.isConstant { summary.bandwidthTimetable = timetable }
        summary.observed = .init(network, observed, now: Int(budgets.clock.now()))
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
            sent: traffic.sent.map { Sent(host: $0.name, bytes: $0.bytes) },
            declared: Declared(request.network), assumed: Assumed(request.network), note: nil)
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
                ingress: [], sent: [], declared: Declared(network), assumed: Assumed(network),
                note: note ?? "there is no forecast: \(error)")
        }
        self.fanOut = fanOut
    }
}

extension DistributionSummary.Declared {
    init(_ network: DistributionNetwork) {
        self.init(
            hosts: network.members.filter { $0.uplink != nil && $0.downlink != nil }.map(\.name),
            links: network.linksInUse.filter { $0.capacity != nil }.map { [$0.first, $0.second] })
    }
}

extension DistributionSummary.Assumed {
    init(_ network: DistributionNetwork) {
        let seen = Set(network.observedHosts.map(\.direction))
        let names = network.members.map(\.name)
        let linksSeen = Set(network.observedLinks.map(\.direction))
        self.init(
            rate: DistributionNetwork.defaultRate,
            hosts: network.members.filter { member in
                guard member.uplink == nil || member.downlink == nil else { return false }
                // Between two hosts one direction is all that counts.
                return names.contains { other in
                    other != member.name
                        && !seen.contains(.init(from: member.name, to: other))
                        && !seen.contains(.init(from: other, to: member.name))
                }
            }.map(\.name),
            links: network.linksInUse.filter { link in
                link.capacity == nil && !linksSeen.contains(.init(from: link.first, to: link.second))
                    && !linksSeen.contains(.init(from: link.second, to: link.first))
            }.map { [$0.first, $0.second] })
    }
}

extension [DistributionSummary.Observed] {
    /// Those of the rates that a network counts with.
    init(_ network: DistributionNetwork, _ observed: [ObservedRate], now: Int) {
        let hosts = network.observedHosts.map { one in
            Element(
                from: one.direction.from, to: one.direction.to, areSites: false, rate: one.rate,
                age: observed.last { $0.source == one.direction.from && $0.target == one.direction.to }
                    .map { Double(Swift.max(0, now - $0.time)) } ?? 0)
        }
        let links = network.observedLinks.map { one in
            Element(
                from: one.direction.from, to: one.direction.to, areSites: true, rate: one.rate,
                age: observed.last {
                    $0.sourceSite == one.direction.from && $0.targetSite == one.direction.to && $0.rate == one.rate
                }.map { Double(Swift.max(0, now - $0.time)) } ?? 0)
        }
        self = hosts + links
    }
}

extension DistributionNetwork {
    /// Links between sites of its members.
    fileprivate var linksInUse: [SiteLink] {
        let sites = Set(members.compactMap(\.site))
        return links.filter { sites.contains($0.first) && sites.contains($0.second) }
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
