import Testing

@testable import Planner

@Suite("How close plans come to the optimum")
struct ShareTests {
    @Test("100 random networks: 98 % of the optimum in the mean, 88 % in the worst case, within one cohort")
    func random() throws {
        var shares: [Double] = []
        for seed in UInt64(1)...100 {
            var request = RandomNetwork.request(seed: seed)
            request.splitsCohorts = false
            let plan = try DistributionPlanner.plan(request)
            #expect(plan.cohorts.count == 1)
            shares.append(plan.share)
        }
        #expect(shares.reduce(0, +) / 100 >= 0.98)
        #expect((shares.min() ?? 0) >= 0.88)
    }

    @Test("the bound by sites is the optimum host by host, which a packing reaches", arguments: UInt64(1)...30)
    func oracle(seed: UInt64) throws {
        var request = RandomNetwork.request(seed: seed, hosts: 4 + Int(seed % 13))
        // Every third has a second root.
        if seed % 3 == 0 { request.roots.append(request.targets.removeFirst()) }
        let instance = Instance(request)
        let sites = SitePacking(instance).solve(gap: 1e-5)
        let hosts = HostPacking(instance).solve(gap: 1e-5, rounds: 2000)
        #expect(hosts.rate >= hosts.bound * 0.9995)
        #expect(abs(sites.bound / hosts.bound - 1) < 1e-3)
        // The packing is one: its trees span, and no resource carries more than it can.
        var load = [Double](repeating: 0, count: instance.capacities.count)
        for (column, rate) in hosts.packing {
            #expect(column.shape.depths(in: instance).allSatisfy { $0 > 0 })
            for (resource, count) in column.shape.usage(in: instance) { load[resource] += count * rate }
        }
        for (used, capacity) in zip(load, instance.capacities) { #expect(used <= capacity * (1 + 1e-6)) }
    }

    @Test("the bound is never above the limits that one can work out by hand", arguments: UInt64(1)...100)
    func simpleBounds(seed: UInt64) {
        let request = RandomNetwork.request(seed: seed)
        let bound = SitePacking(Instance(request)).solve(gap: 1e-4).bound
        let members = request.network.members
        let ups = members.compactMap(\.uplink)
        #expect(bound <= ups[0] * 1.0001)
        #expect(bound <= (members.dropFirst().compactMap(\.downlink).min() ?? 0) * 1.0001)
        #expect(bound <= ups.reduce(0, +) / Double(request.targets.count) * 1.0001)
        for site in Set(members.dropFirst().compactMap(\.site)) where site != members[0].site {
            let links = request.network.links.filter { $0.first == site || $0.second == site }
            #expect(bound <= links.compactMap(\.capacity).reduce(0, +) * 1.0001)
        }
    }

    @Test("copies to 1, 2, 4 and 8 hosts with equal cards take about the same time", arguments: [2, 4, 8])
    func equalCards(count: Int) throws {
        let members = (0...count).map { NetworkMember("h\($0)", uplink: 12.5e6, downlink: 12.5e6) }
        func plan(_ count: Int) throws -> DistributionPlan {
            try DistributionPlanner.plan(
                DistributionRequest(
                    network: DistributionNetwork(members: members), roots: ["h0"],
                    targets: (1...count).map { "h\($0)" }, payload: 256 << 20))
        }
        let (one, many) = (try plan(1), try plan(count))
        #expect(many.rate >= 0.99 * one.rate)
        #expect(many.cohorts[0].stripes.allSatisfy { $0.depth <= 6 })
        let times = try [one, many].map { try #require($0.forecast(bytes: 256 << 20).map(\.seconds).max()) }
        #expect(times[1] / times[0] <= 1.10)
    }

    @Test("a WAN of 50 Mbit/s carries one copy for each site", arguments: [2, 3], [true, false])
    func wan(sites: Int, splits: Bool) throws {
        let members = (0..<sites * 4).map {
            NetworkMember("h\($0)", site: "s\($0 / 4)", uplink: 125e6, downlink: 125e6)
        }
        let links = (1..<sites).map { DistributionNetwork.SiteLink("s0", "s\($0)", capacity: 6.25e6) }
        let network = DistributionNetwork(members: members, links: links)
        var request = DistributionRequest(network: network, roots: ["h0"], targets: members.dropFirst().map(\.name))
        request.splitsCohorts = splits
        let plan = try DistributionPlanner.plan(request)
        let bytes: UInt64 = 1 << 30
        let traffic = plan.traffic(bytes: bytes)
        #expect(traffic.links.count == sites - 1)
        for link in traffic.links { #expect(Double(link.bytes) <= 1.05 * Double(bytes)) }
        for site in traffic.ingress { #expect(Double(site.bytes) <= 1.05 * Double(bytes)) }
        #expect(plan.share >= 0.95)
        let last = try #require(plan.forecast(bytes: bytes).map(\.seconds).max())
        #expect(Double(bytes) / plan.bound / last >= 0.95)
    }
}
