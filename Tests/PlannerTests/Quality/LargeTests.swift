import FoundationEssentials
import Testing

@testable import Planner

@Suite("Many hosts")
struct LargeTests {
    static let isBenchmark = ProcessInfo.processInfo.environment["KVM_CLONE_PLANNER_BENCHMARK"] != nil

    /// Prints times: KVM_CLONE_PLANNER_BENCHMARK=1 swift test -c release -Xswiftc -enable-testing --filter LargeTests
    @Test("shares of 100 random networks", .enabled(if: isBenchmark))
    func shares() throws {
        let shares = try (UInt64(1)...100).map { seed in
            var request = RandomNetwork.request(seed: seed)
            request.splitsCohorts = false
            return try DistributionPlanner.plan(request).share
        }
        print("shares: mean \(shares.reduce(0, +) / 100), three worst \(shares.sorted().prefix(3))")
        #expect(shares.allSatisfy { $0 <= 1 })
    }

    @Test("seconds to plan", .enabled(if: isBenchmark), arguments: [64, 256, 1000], UInt64(1)...8)
    func time(hosts: Int, seed: UInt64) throws {
        var request = RandomNetwork.request(seed: seed, hosts: hosts)
        for splits in [false, true] {
            request.splitsCohorts = splits
            var plan: DistributionPlan?
            let time = try ContinuousClock().measure { plan = try DistributionPlanner.plan(request) }
            let made = try #require(plan)
            let shape = made.cohorts.map {
                "\($0.targets.count): \($0.share) \($0.stripes.map(\.weight)) depth \($0.stripes.map(\.depth).max() ?? 0)"
            }
            print("hosts \(hosts), seed \(seed), cohorts \(splits): \(time), share \(made.share), \(shape)")
            #expect(made.share > 0.5)
        }
    }
}
