import Planner

/// How a child is joined to its parent, as the trees have it.
struct LinkTerms: Sendable, Equatable {
    /// Whether the parent leaves out what the child has no time for.
    var mayLag = false
    /// Bytes per second that the child was planned to take in; nil where that is a guess.
    var due: UInt64?
    /// Spans in a row in which it may take less than that.
    var patience = 1
    /// What the parent may send to the child, in bytes per second; nil: it is told later, or isn't limited.
    var rate: UInt64?
}

extension TreeLayout {
    /// Terms between two hosts for some of the stripes. `plan`: what the stripes are from.
    func terms(from parent: String, to child: String, stripes numbers: [Int], plan: DistributionPlan?) -> LinkTerms {
        let stripes = numbers.map { self.stripes[$0] }
        var terms = LinkTerms()
        terms.mayLag = stripes.contains { $0.mayLag }
        // What holds up a child that passes on may be left behind further down: that is waited for.
        terms.patience = 1 + (stripes.map { $0.height(of: child) }.max() ?? 0)
        guard let plan, plan.request.network.knowsRate(from: parent, to: child) else { return terms }
        let rates = stripes.map { plan.cohorts[$0.cohort].stripes[$0.number].rate }
        terms.due = UInt64(exactly: rates.reduce(0, +).rounded())
        return terms
    }
}

extension TreeLayout.Stripe {
    /// Steps from a host to the farthest that gets this stripe through it.
    func height(of host: String) -> Int {
        var steps = 0
        var layer: Set<String> = [host]
        while steps < parents.count {
            layer = Set(parents.filter { layer.contains($0.value) }.map(\.key))
            if layer.isEmpty { break }
            steps += 1
        }
        return steps
    }
}

extension DistributionNetwork {
    /// Whether what one host can send to another is declared or was seen.
    fileprivate func knowsRate(from source: String, to target: String) -> Bool {
        if observedHosts.contains(where: { $0.direction == .init(from: source, to: target) }) { return true }
        guard let source = members.first(where: { $0.name == source }),
            let target = members.first(where: { $0.name == target })
        else { return false }
        return source.uplink != nil && target.downlink != nil
    }
}
