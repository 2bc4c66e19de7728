import Testing

@testable import Planner

@Suite("New parents for orphans")
struct ReplacementTests {
    private func plan(seed: UInt64) throws -> DistributionPlan {
        try DistributionPlanner.plan(RandomNetwork.request(seed: seed, hosts: 24))
    }

    @Test(
        "are alive, reach the child and aren't below it; the nearest living ancestor goes first",
        arguments: UInt64(1)...20)
    func valid(seed: UInt64) throws {
        let plan = try plan(seed: seed)
        let everyone = Set(plan.request.roots + plan.request.targets)
        for (cohort, at) in zip(plan.cohorts, plan.cohorts.indices) {
            for (stripe, number) in zip(cohort.stripes, cohort.stripes.indices) {
                for edge in stripe.edges where !plan.request.roots.contains(edge.parent) {
                    let alive = everyone.subtracting([edge.parent])
                    let new = plan.replacementParent(for: edge.child, cohort: at, stripe: number, alive: alive)
                    guard let new else { continue }
                    #expect(alive.contains(new) && plan.request.network.reaches(from: new, to: edge.child))
                    var above: String? = new
                    while let host = above {
                        #expect(host != edge.child)
                        above = stripe.parent(of: host)
                    }
                    if let ancestor = stripe.parent(of: edge.parent),
                        plan.request.network.reaches(from: ancestor, to: edge.child)
                    {
                        #expect(new == ancestor)
                    }
                }
            }
        }
    }

    @Test("without ancestors, are peers of the same site with spare uplink")
    func peers() throws {
        let members = [
            NetworkMember("root", site: "a", uplink: 1e8), NetworkMember("far", site: "a", uplink: 9e8),
            NetworkMember("near", site: "b", uplink: 3e8), NetworkMember("slow", site: "b", uplink: 1e6),
            NetworkMember("child", site: "b", uplink: 1e6),
        ]
        let network = DistributionNetwork(members: members, links: [.init("a", "b", capacity: 5e7)])
        let plan = try DistributionPlanner.plan(
            DistributionRequest(
                network: network, roots: ["root"], targets: ["far", "near", "slow", "child"], fanOut: .tree,
                splitsCohorts: false))
        func parent(alive: Set<String>) -> String? {
            plan.replacementParent(for: "child", cohort: 0, stripe: 0, alive: alive)
        }
        #expect(plan.cohorts[0].stripes[0].parent(of: "child") == "near")
        #expect(parent(alive: ["slow", "child"]) == "slow")
        #expect(parent(alive: ["child"]) == nil)
        #expect(plan.replacementParent(for: "child", cohort: 0, stripe: 9, alive: ["slow"]) == nil)
        #expect(plan.replacementParent(for: "child", cohort: 7, stripe: 0, alive: ["slow"]) == nil)
    }

    @Test("a plan made anew leaves the dead out, and peers that have everything send")
    func replanned() throws {
        let request = RandomNetwork.request(seed: 3, hosts: 16)
        let next = request.replanned(withoutDead: ["h0", "h5"], complete: ["h1", "h2", "h5"])
        #expect(next.roots == ["h1", "h2"])
        #expect(next.targets == (3..<16).filter { $0 != 5 }.map { "h\($0)" })
        let plan = try DistributionPlanner.plan(next)
        plan.expectValidTrees()
        plan.expectWithinCapacities()
        #expect(plan.cohorts[0].feeders == ["h1", "h2"])
    }
}
