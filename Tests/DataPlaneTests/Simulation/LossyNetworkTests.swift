import FoundationEssentials
import Testing

@testable import DataPlane

/// Trees over a network that delays, cuts, drops, duplicates, reorders and corrupts. `KVM_CLONE_SEEDS=N` runs other
/// seeds, from N on; `KVM_CLONE_SEED=N` one alone.
@Suite("A hostile network", .timeLimit(.minutes(10)))
struct LossyNetworkTests {
    private static let each = 500

    private static var first: UInt64 {
        ProcessInfo.processInfo.environment["KVM_CLONE_SEEDS"].flatMap(UInt64.init) ?? 0
    }

    @Test("Every receiver gets every bit, whatever the connections do", arguments: 0..<4)
    func seeds(part: Int) async throws {
        let only = ProcessInfo.processInfo.environment["KVM_CLONE_SEED"].flatMap(UInt64.init)
        if only != nil, part > 0 { return }
        let begin = Self.first + UInt64(part * Self.each)
        let seeds = only.map { [$0] } ?? Array(begin..<(begin + UInt64(Self.each)))
        try await blocking {
            var (replaced, repairs) = (0, 0)
            for seed in seeds {
                let verdict = try LossyTransfer(seed: seed).run()
                #expect(verdict.problems == [], "seed \(seed): run it alone with KVM_CLONE_SEED=\(seed)")
                replaced += verdict.replaced
                repairs += verdict.repairs
            }
            // The network was hostile indeed.
            #expect(only != nil || (replaced > Self.each / 4 && repairs > Self.each / 10), "\(replaced), \(repairs)")
        }
    }
}
