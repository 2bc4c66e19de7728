/// Which targets go together. From the slowest up: the slowest target, and those up to `1 / threshold` times as fast,
/// leave the others if it is slower than `threshold` times what the others get without them.
struct CohortSplit {
    /// A target below this share of the others' rate holds them back too far.
    static let threshold = 0.7
    /// The most cohorts; the fastest has all that is left.
    static let most = 4

    private let graph: ResourceGraph
    private let roots: [Int]
    private let isStar: Bool

    init(graph: ResourceGraph, roots: [Int], isStar: Bool) {
        self.graph = graph
        self.roots = roots
        self.isStar = isStar
    }

    /// The cohorts, the fastest first.
    func split(_ targets: [Int]) -> [[Int]] {
        let limits = ownLimits()
        var rest = targets
        var slow: [[Int]] = []
        while slow.count < Self.most - 1, let lowest = rest.map({ limits[$0] }).min() {
            let group = rest.filter { limits[$0] < lowest / Self.threshold }
            let others = rest.filter { limits[$0] >= lowest / Self.threshold }
            guard !others.isEmpty, lowest < Self.threshold * rate(others) else { break }
            slow.append(group)
            rest = others
        }
        return [rest] + slow.reversed()
    }

    /// What targets can get without the others; 0 if they can't be reached.
    private func rate(_ targets: [Int]) -> Double {
        let instance = Instance(graph: graph, roots: roots, targets: targets)
        guard Reachability.unreached(instance).isEmpty else { return 0 }
        if isStar {
            let uplinks = roots.reduce(0) { $0 + graph.capacities[$1] }
            return min(instance.ceiling, uplinks / Double(targets.count))
        }
        return SitePacking(instance).solve(gap: 0.02).bound
    }

    /// What each host can get at most: by its own intake, and by the links that lead to its site.
    private func ownLimits() -> [Double] {
        let flow = SiteFlow(graph: graph, roots: roots).limits()
        return (0..<graph.count).map { min(graph.intake[$0], flow[graph.site[$0]]) }
    }
}
