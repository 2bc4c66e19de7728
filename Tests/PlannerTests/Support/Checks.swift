import Testing

@testable import Planner

extension Instance {
    /// The whole request as one packing problem.
    init(_ request: DistributionRequest) {
        let graph = ResourceGraph(request.network)
        self.init(
            graph: graph, roots: request.roots.compactMap { graph.index[$0] },
            targets: request.targets.compactMap { graph.index[$0] })
    }
}

extension DistributionPlan {
    /// Checks that each stripe is a tree from a root to every target of its cohort along ways that exist, parents
    /// first.
    func expectValidTrees(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(cohorts.flatMap(\.targets).sorted() == request.targets.sorted(), sourceLocation: sourceLocation)
        for cohort in cohorts {
            #expect((1...8).contains(cohort.stripes.count), sourceLocation: sourceLocation)
            for stripe in cohort.stripes {
                var reached = Set(cohort.feeders)
                for edge in stripe.edges {
                    #expect(reached.contains(edge.parent), sourceLocation: sourceLocation)
                    #expect(reached.insert(edge.child).inserted, sourceLocation: sourceLocation)
                    #expect(
                        request.network.reaches(from: edge.parent, to: edge.child), sourceLocation: sourceLocation)
                }
                #expect(reached == Set(cohort.feeders + cohort.targets), sourceLocation: sourceLocation)
                #expect(stripe.share >= 0.04 || cohort.stripes.count == 1, sourceLocation: sourceLocation)
            }
        }
    }

    /// Checks that all stripes together stay within every host's and link's capacity.
    func expectWithinCapacities(sourceLocation: SourceLocation = #_sourceLocation) {
        let graph = ResourceGraph(request.network)
        var load = [Double](repeating: 0, count: graph.capacities.count)
        var received = [Double](repeating: 0, count: graph.count)
        for stripe in cohorts.flatMap(\.stripes) {
            for edge in stripe.edges {
                guard let from = graph.index[edge.parent], let to = graph.index[edge.child] else {
                    Issue.record("\(edge) is not of this network", sourceLocation: sourceLocation)
                    continue
                }
                graph.forEachResource(from: from, to: to) { load[$0] += stripe.rate }
                received[to] += stripe.rate
            }
        }
        for (used, capacity) in zip(load + received, graph.capacities + graph.intake) {
            #expect(used <= capacity * (1 + 1e-6), sourceLocation: sourceLocation)
        }
    }
}
