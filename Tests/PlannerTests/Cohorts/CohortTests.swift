import Testing

@testable import Planner

@Suite("Cohorts")
struct CohortTests {
    private func request(
        _ rates: [Double], source: Double = 1e8, change: (inout DistributionRequest) -> Void = { _ in }
    )
        -> DistributionRequest
    {
        let targets = rates.enumerated().map { NetworkMember("t\($0)", uplink: 1e8, downlink: $1) }
        let network = DistributionNetwork(members: [NetworkMember("src", uplink: source)] + targets)
        var request = DistributionRequest(network: network, roots: ["src"], targets: targets.map(\.name))
        change(&request)
        return request
    }

    @Test(
        "part targets below 70 % of what the others get",
        arguments: [
            ([1e8, 1e8, 1e8], [3]), ([1e8, 1e8, 8e7], [3]), ([1e8, 1e8, 1e7], [2, 1]), ([1e8, 5e7, 4.5e7], [1, 2]),
            ([1e8, 5e7, 1e7], [1, 1, 1]), ([1e8, 3e7, 1e7, 3e6, 1e6, 3e5], [3, 1, 1, 1]), ([1e6], [1]),
        ])
    func sizes(rates: [Double], sizes: [Int]) throws {
        let plan = try DistributionPlanner.plan(request(rates))
        #expect(plan.cohorts.map(\.targets.count) == sizes)
        plan.expectValidTrees()
        plan.expectWithinCapacities()
        #expect(plan.cohorts.map(\.rate) == plan.cohorts.map(\.rate).sorted(by: >))
    }

    @Test("a slow disk, a cap and a slow link part as well")
    func causes() throws {
        let disk = request([1e8, 1e8, 1e8]) { $0.network.members[2].writeRate = 1e7 }
        #expect(try DistributionPlanner.plan(disk).cohorts.map(\.targets) == [["t0", "t2"], ["t1"]])
        let cap = request([1e8, 1e8, 1e8]) { $0.network.members[3].inboundCap = 2e7 }
        #expect(try DistributionPlanner.plan(cap).cohorts.map(\.targets) == [["t0", "t1"], ["t2"]])
        let link = request([1e8, 1e8, 1e8]) {
            $0.network.members[0].site = "a"
            $0.network.members[1].site = "a"
            $0.network.members[2].site = "b"
            $0.network.members[3].site = "b"
            $0.network.links = [.init("a", "b", capacity: 1e7)]
        }
        #expect(try DistributionPlanner.plan(link).cohorts.map(\.targets) == [["t0"], ["t1", "t2"]])
    }

    @Test("aren't made when told not to: everyone waits for the slowest")
    func off() throws {
        let plan = try DistributionPlanner.plan(request([1e8, 1e8, 1e7]) { $0.splitsCohorts = false })
        #expect(plan.cohorts.count == 1)
        #expect(abs(plan.rate - 1e7) < 1e3)
    }

    @Test("a slow cohort is fed by the fast one when the source has nothing to spare")
    func feeders() throws {
        let plan = try DistributionPlanner.plan(request([1e8, 1e8, 1e7]))
        #expect(plan.cohorts[1].feeders == ["src", "t0", "t1"])
        #expect(plan.cohorts[0].rate > 0.99e8 && plan.cohorts[1].rate > 0.99e7)
        let times = plan.forecast(bytes: 1 << 30)
        #expect(times.map(\.target) == ["t0", "t1", "t2"])
        #expect(times[2].seconds > 9 * times[0].seconds)
        #expect(plan.share > 0.98)
    }

    @Test("whoever gets nothing beside the others is expected to get it after them")
    func starved() throws {
        // A star: all goes through the source's uplink.
        let plan = try DistributionPlanner.plan(request([1e8, 1e8, 2e7], source: 5e7) { $0.fanOut = .star })
        plan.expectWithinCapacities()
        #expect(plan.cohorts.map(\.targets.count) == [3])
        let late = try DistributionPlanner.plan(request([1e8, 5e7], source: 1e8) { $0.fanOut = .star })
        late.expectWithinCapacities()
        #expect(late.cohorts.count == 2)
        let times = late.forecast(bytes: 1_000_000_000).map(\.seconds)
        #expect(times[0] >= 10 && times[0] < 11)
        #expect(times[1] >= 30 && times[1] < 32)
    }

    @Test("flow to a site follows links through others, over all ways together")
    func flow() {
        let members = ["a", "b", "c", "d", "e"].map { NetworkMember($0, site: $0) }
        let network = DistributionNetwork(
            members: members,
            links: [
                .init("a", "b", capacity: 10), .init("b", "c", capacity: 100), .init("a", "d", capacity: 30),
                .init("c", "d", capacity: 5),
            ])
        let limits = SiteFlow(graph: ResourceGraph(network), roots: [0]).limits()
        #expect(limits == [.infinity, 15, 15, 35, 0])
        let open = DistributionNetwork(members: members)
        #expect(SiteFlow(graph: ResourceGraph(open), roots: [1]).limits().allSatisfy { $0 == .infinity })
    }

    @Test("sites behind a slow link go together, however fast the links among them are")
    func behind() throws {
        let members = ["a", "a", "b", "c"].enumerated().map { NetworkMember("h\($0)", site: $1) }
        let network = DistributionNetwork(
            members: members, links: [.init("a", "b", capacity: 1e6), .init("b", "c", capacity: 1e8)])
        let plan = try DistributionPlanner.plan(
            DistributionRequest(network: network, roots: ["h0"], targets: ["h1", "h2", "h3"]))
        #expect(plan.cohorts.map(\.targets) == [["h1"], ["h2", "h3"]])
    }
}
