import Testing

@testable import Planner

@Suite("How close plans come to the optimum")
struct ShareTests {
    @Test("100 random networks: 98 % of the optimum in the mean, 88 % in the worst case, within one cohort")
    func random() throws {
        var shares: [(share: Double, seed: UInt64)] = []
        for seed in UInt64(1)...100 {
            var request = RandomNetwork.request(seed: seed)
            request.splitsCohorts = false
            let plan = try DistributionPlanner.plan(request)
            let c = plan.cohorts[0]
            shares.append((c.share, seed))
            if c.share < 0.985 {
                print(
                    seed, request.targets.count, "share", c.share, "bound", c.bound, c.stripes.map(\.weight),
                    c.stripes.map(\.depth).max() ?? 0)
            }
        }
        shares.sort { $0.share < $1.share }
        let mean = shares.reduce(0) { $0 + $1.share } / 100
        print("mean \(mean), worst \(shares[0]), next \(shares[1])")
        #expect(mean >= 0.98)
        #expect(shares[0].share >= 0.88)
    }
}
