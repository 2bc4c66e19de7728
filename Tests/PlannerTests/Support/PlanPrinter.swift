import Model

@testable import Planner

/// A plan as text that a reviewer can read: each stripe as an indented tree, in MiB/s.
struct PlanPrinter {
    let plan: DistributionPlan
    let bytes: UInt64

    var text: String {
        var lines = [
            "\(plan.request.fanOut.rawValue) from \(plan.request.roots.joined(separator: ", ")), \(ByteCount.format(bytes))",
            "rate \(rate(plan.rate)), bound \(rate(plan.bound)), share \(percent(plan.share))",
        ]
        for (at, cohort) in plan.cohorts.enumerated() {
            lines += [
                "",
                "cohort \(at + 1): \(rate(cohort.rate)), alone \(rate(cohort.rateAlone)), share \(percent(cohort.share))",
            ]
            for stripe in cohort.stripes {
                lines.append("  stripe of weight \(stripe.weight) (\(percent(stripe.share))), depth \(stripe.depth)")
                let children = Set(stripe.edges.map(\.child))
                var roots: [String] = []
                for edge in stripe.edges where !children.contains(edge.parent) && !roots.contains(edge.parent) {
                    roots.append(edge.parent)
                }
                for root in roots { lines += branch(root, of: stripe, depth: 2) }
            }
        }
        let traffic = plan.traffic(bytes: bytes)
        if !traffic.links.isEmpty { lines += ["", "links"] }
        for link in traffic.links {
            lines.append("  \(link.direction.from) > \(link.direction.to): \(ByteCount.format(link.bytes))")
        }
        lines += ["", "targets"]
        var groups: [(text: String, names: [String])] = []
        for target in plan.forecast(bytes: bytes) {
            let text = "\(rate(target.rate)), \(Int(target.seconds.rounded(.up))) s"
            if let at = groups.firstIndex(where: { $0.text == text }) {
                groups[at].names.append(target.target)
            } else {
                groups.append((text, [target.target]))
            }
        }
        lines += groups.map { "  \($0.text): \($0.names.joined(separator: " "))" }
        return lines.joined(separator: "\n") + "\n"
    }

    private func branch(_ host: String, of stripe: DistributionPlan.Stripe, depth: Int) -> [String] {
        // Leaves of one parent stand in one line.
        let children = stripe.children(of: host)
        let parents = Set(stripe.edges.map(\.parent))
        let leaves = children.filter { !parents.contains($0) }
        let indent = String(repeating: "  ", count: depth)
        return [indent + host + (leaves.isEmpty ? "" : " > " + leaves.joined(separator: " "))]
            + children.filter(parents.contains).flatMap { branch($0, of: stripe, depth: depth + 1) }
    }

    private func rate(_ rate: Double) -> String { ByteCount.formatRate(rate) }

    private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
}
