/// Plans how a payload gets from the hosts that have it to those that want it: weighted trees over the network's
/// resources. Pure: equal requests have equal plans; no clock, no random numbers, no input or output.
///
/// The optimum is that of fractional tree packing (Edmonds 1973), found by column generation; at most eight trees that
/// come close to it are then built by degrees. Runs on the caller's thread: under a second for 1,000 hosts in a few
/// sites, some seconds if each has a site of its own.
public enum DistributionPlanner {
    /// Plans a request. Throws if its figures are wrong or a target can't be reached.
    public static func plan(_ request: DistributionRequest) throws(PlanError) -> DistributionPlan {
        let (graph, roots, targets) = try resolve(request)
        let all = Instance(graph: graph, roots: roots, targets: targets)
        let unreached = Reachability.unreached(all)
        guard unreached.isEmpty else { throw .unreachable(unreached.map { graph.names[$0] }) }
        let split = CohortSplit(graph: graph, roots: roots, isStar: request.fanOut == .star)
        let cohorts = request.splitsCohorts ? split.split(targets) : [targets]
        let planned = try CohortPlanner(graph: graph, request: request, roots: roots).plan(cohorts)
        let bound = cohorts.count == 1 ? planned[0].bound : StripeSearch(all).bound
        return DistributionPlan(request: request, cohorts: planned.map(describe), bound: bound)
    }

    /// The targets that no path from a root reaches, not even by way of others: what `plan` would refuse. Throws if the
    /// request's figures are wrong.
    public static func unreachableTargets(_ request: DistributionRequest) throws(PlanError) -> [String] {
        let (graph, roots, targets) = try resolve(request)
        return Reachability.unreached(Instance(graph: graph, roots: roots, targets: targets)).map { graph.names[$0] }
    }

    private static func resolve(
        _ request: DistributionRequest
    ) throws(PlanError) -> (graph: ResourceGraph, roots: [Int], targets: [Int]) {
        try request.network.validate()
        guard !request.targets.isEmpty else { throw .noTargets }
        guard !request.roots.isEmpty else { throw .noRoots }
        guard (1...StripeSearch.mostStripes).contains(request.mostStripes) else {
            throw .badOption(place: "the number of stripes, 1 to \(StripeSearch.mostStripes)")
        }
        let names = Set(request.roots + request.targets)
        var network = request.network
        network.members.removeAll { !names.contains($0.name) }
        let graph = ResourceGraph(network)
        var seen: Set<String> = []
        var hosts: [Int] = []
        for name in request.roots + request.targets {
            guard let host = graph.index[name] else { throw .unknownHost(name) }
            guard seen.insert(name).inserted else { throw .namedTwice(name) }
            hosts.append(host)
        }
        return (graph, Array(hosts.prefix(request.roots.count)), Array(hosts.dropFirst(request.roots.count)))
    }

    private static func describe(_ planned: CohortPlanner.Planned) -> DistributionPlan.Cohort {
        let instance = planned.instance
        let names = instance.graph.names
        let candidate = planned.stripes
        let sum = Double(candidate.weights.reduce(0, +))
        let stripes = zip(candidate.trees, candidate.weights).map { tree, weight in
            let depths = tree.depths(in: instance)
            let edges = depths.indices.sorted { (depths[$0], $0) < (depths[$1], $1) }.map {
                DistributionPlan.Edge(parent: names[tree.parents[$0]], child: names[instance.targets[$0]])
            }
            return DistributionPlan.Stripe(
                weight: weight, share: Double(weight) / sum, rate: planned.rate * Double(weight) / sum,
                depth: depths.max() ?? 0, edges: edges)
        }
        let order = stripes.indices.sorted { (stripes[$0].weight, $1) > (stripes[$1].weight, $0) }
        return DistributionPlan.Cohort(
            targets: instance.targets.map { names[$0] }, feeders: instance.roots.map { names[$0] },
            stripes: order.map { stripes[$0] }, rate: planned.rate, rateAlone: planned.rateAlone,
            bound: max(planned.bound, planned.rate))
    }
}
