import KVMClone
import Model

/// A stripe as an indented tree. Children that send nothing on stand in their parent's line.
struct StripeTree {
    private let stripe: DistributionSummary.Stripe
    private let children: [String: [String]]

    init(_ stripe: DistributionSummary.Stripe) {
        self.stripe = stripe
        children = Dictionary(grouping: stripe.edges, by: \.parent).mapValues { $0.map(\.child) }
    }

    func lines(indent: Int) -> [String] {
        let receivers = Set(stripe.edges.map(\.child))
        var roots: [String] = []
        for edge in stripe.edges where !receivers.contains(edge.parent) && !roots.contains(edge.parent) {
            roots.append(edge.parent)
        }
        // Depth first, with a stack of our own: a chain may be as long as the list of targets.
        var open = roots.reversed().map { (host: $0, indent: indent) }
        var lines: [String] = []
        while let (host, indent) = open.popLast() {
            let below = children[host] ?? []
            let start = String(repeating: " ", count: indent) + Validation.printable(host)
            let leaves = below.filter { children[$0] == nil }.map { Validation.printable($0) }
            let wrapped = WrappedWords.lines(leaves, width: max(40, 96 - start.count))
            lines.append(wrapped.isEmpty ? start : "\(start) → \(wrapped[0])")
            let hanging = String(repeating: " ", count: start.count + 3)
            lines += wrapped.dropFirst().map { hanging + $0 }
            open += below.filter { children[$0] != nil }.reversed().map { ($0, indent + 2) }
        }
        return lines
    }
}

/// Words in lines of a limited width.
enum WrappedWords {
    static func lines(_ words: [String], width: Int) -> [String] {
        var lines: [String] = []
        for word in words {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(word)
            }
        }
        return lines
    }
}
