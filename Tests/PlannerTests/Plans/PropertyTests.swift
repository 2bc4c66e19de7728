import FoundationEssentials
import Testing

@testable import Planner

@Suite("Every plan")
struct PropertyTests {
    @Test("has valid trees, within all capacities, and is the same when made again", arguments: UInt64(1)...25)
    func holds(seed: UInt64) throws {
        for fanOut in [FanOut.auto, .tree] {
            var request = RandomNetwork.request(seed: seed)
            request.fanOut = fanOut
            let plan = try DistributionPlanner.plan(request)
            plan.expectValidTrees()
            plan.expectWithinCapacities()
            for cohort in plan.cohorts { #expect(cohort.rate <= cohort.bound * (1 + 1e-9)) }
            #expect(plan.rate <= plan.bound * (1 + 1e-3))
            #expect(try DistributionPlanner.plan(request) == plan)
        }
    }

    @Test("of a network with observed pairs and cut ways keeps to them", arguments: UInt64(1)...25)
    func pairs(seed: UInt64) throws {
        var request = RandomNetwork.request(seed: seed, hosts: 12)
        var random = SplitMix64(state: seed)
        let names = request.network.members.map(\.name)
        for from in names {
            for to in names where from != to {
                switch Int.random(in: 0..<8, using: &random) {
                case 0: request.network.unreachable.append(.init(from: from, to: to))
                case 1:
                    request.network.observedHosts.append(
                        .init(from: from, to: to, rate: Double.random(in: 1e6...1e8, using: &random)))
                default: break
                }
            }
        }
        let lost = try DistributionPlanner.unreachableTargets(request)
        request.targets.removeAll { lost.contains($0) }
        try #require(!request.targets.isEmpty)
        let plan = try DistributionPlanner.plan(request)
        plan.expectValidTrees()
        plan.expectWithinCapacities()
    }

    @Test("with one capacity raised has no lower bound, and hardly a lower rate", arguments: UInt64(1)...30)
    func monotone(seed: UInt64) throws {
        var request = RandomNetwork.request(seed: seed, hosts: 4 + Int(seed % 29))
        request.splitsCohorts = false
        let before = try DistributionPlanner.plan(request)
        var random = SplitMix64(state: seed &* 77)
        let host = Int.random(in: 0..<request.network.members.count, using: &random)
        if let up = request.network.members[host].uplink { request.network.members[host].uplink = up * 3 }
        if let down = request.network.members[host].downlink { request.network.members[host].downlink = down * 2 }
        for at in request.network.links.indices {
            request.network.links[at].capacity = request.network.links[at].capacity.map { $0 * 1.5 }
        }
        let after = try DistributionPlanner.plan(request)
        #expect(after.bound >= before.bound * 0.9998)
        #expect(after.rate >= before.rate * 0.97)
    }

    @Test("survives being written as JSON")
    func codable() throws {
        let plan = try DistributionPlanner.plan(RandomNetwork.request(seed: 9))
        let read = try JSONDecoder().decode(DistributionPlan.self, from: try JSONEncoder().encode(plan))
        #expect(read == plan)
    }

    @Test("counts the same bytes as sent, crossing and received", arguments: UInt64(1)...10)
    func traffic(seed: UInt64) throws {
        let plan = try DistributionPlanner.plan(RandomNetwork.request(seed: seed))
        let traffic = plan.traffic(bytes: 1_000_000)
        let sent = traffic.sent.reduce(0.0) { $0 + Double($1.bytes) }
        #expect(abs(sent - 1e6 * Double(plan.request.targets.count)) < 100)
        let crossed = traffic.links.reduce(0.0) { $0 + Double($1.bytes) }
        #expect(abs(crossed - traffic.ingress.reduce(0.0) { $0 + Double($1.bytes) }) < 100)
        // Each site that is not the source's gets at least one copy from outside.
        let home = plan.request.network.members[0].site
        for site in Set(plan.request.network.members.compactMap(\.site)) where site != home {
            let bytes = traffic.ingress.first { $0.name == site }?.bytes ?? 0
            #expect(bytes >= 999_990)
        }
    }
}
