import Testing

@testable import Planner

@Suite("Shapes that are asked for")
struct FanOutTests {
    private func request(_ fanOut: FanOut) -> DistributionRequest {
        let members = (0..<9).map { NetworkMember("h\($0)", site: "s\($0 % 3)", uplink: 1e8, downlink: 1e8) }
        let links = [(0, 1), (1, 2), (0, 2)].map { DistributionNetwork.SiteLink("s\($0)", "s\($1)", capacity: 4e7) }
        return DistributionRequest(
            network: DistributionNetwork(members: members, links: links), roots: ["h0"],
            targets: (1..<9).map { "h\($0)" }, fanOut: fanOut, splitsCohorts: false)
    }

    @Test("have one tree, unless the planner may choose", arguments: FanOut.allCases)
    func shape(fanOut: FanOut) throws {
        let plan = try DistributionPlanner.plan(request(fanOut))
        plan.expectValidTrees()
        plan.expectWithinCapacities()
        let stripes = plan.cohorts[0].stripes
        #expect(stripes.count == 1 || fanOut == .auto)
        let crossings = plan.traffic(bytes: 100).links
        switch fanOut {
        case .star:
            #expect(stripes[0].edges.allSatisfy { $0.parent == "h0" })
            #expect(abs(plan.rate - 1e8 / 8) < 1)
        case .chain:
            #expect(stripes[0].depth == 8)
            #expect(crossings.count == 2 && crossings.allSatisfy { $0.bytes == 100 })
            #expect(abs(plan.rate - 4e7) < 1)
        case .tree: #expect(abs(plan.rate - 4e7) < 1e5)
        // Both ways round: more than one link carries.
        case .auto: #expect(plan.rate > 6e7 && plan.share > 0.95)
        }
    }

    @Test("may be bounded in the number of stripes", arguments: 1...8)
    func most(stripes: Int) throws {
        var request = request(.auto)
        request.mostStripes = stripes
        #expect(try DistributionPlanner.plan(request).cohorts[0].stripes.count <= stripes)
    }

    @Test("go over more than one site without coming back")
    func longChain() throws {
        // Nine sites in a line: more than are tried in every order.
        let members = (0..<10).map { NetworkMember("h\($0)", site: "s\($0)", uplink: 1e8, downlink: 1e8) }
        let links = (0..<9).map { DistributionNetwork.SiteLink("s\($0)", "s\($0 + 1)", capacity: 5e7) }
        let plan = try DistributionPlanner.plan(
            DistributionRequest(
                network: DistributionNetwork(members: members, links: links), roots: ["h0"],
                targets: (1..<10).reversed().map { "h\($0)" }, fanOut: .chain))
        #expect(plan.cohorts[0].stripes[0].edges.map(\.child) == (1..<10).map { "h\($0)" })
        #expect(abs(plan.rate - 5e7) < 1)
    }
}
