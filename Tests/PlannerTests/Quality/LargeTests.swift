import Testing

@testable import Planner

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Many hosts")
struct LargeTests {
    static let isBenchmark = getenv("KVM_CLONE_PLANNER_BENCHMARK") != nil

    /// Prints times: KVM_CLONE_PLANNER_BENCHMARK=1 swift test -c release -Xswiftc -enable-testing --filter LargeTests
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
