import Planner

/// Who sends to whom at the moment, and who is left. A value without calls to anybody.
struct TreeState: Sendable {
    /// One stream's way to a target.
    struct Place: Hashable, Sendable {
        var stripe: Int
        var child: String
    }

    /// How often a target gets a new parent in one stripe before the rest is left to repairs.
    static let mostAttempts = 8

    let source: String
    let plan: DistributionPlan?
    private(set) var layout: TreeLayout
    private(set) var alive: Set<String>
    /// The generation of the links that stand, by stripe and child.
    private(set) var generations: [Place: Int] = [:]
    private var lastGeneration: [String: Int] = [:]
    private var attempts: [Place: Int] = [:]

    init(source: String, layout: TreeLayout, plan: DistributionPlan?) {
        self.source = source
        self.layout = layout
        self.plan = plan
        alive = Set(layout.stripes.flatMap { $0.parents.keys }).union([source])
        for (index, stripe) in layout.stripes.enumerated() {
            for child in stripe.parents.keys { generations[Place(stripe: index, child: child)] = 0 }
        }
    }

    mutating func remove(_ host: String) {
        alive.remove(host)
        for index in layout.stripes.indices { layout.stripes[index].parents[host] = nil }
    }

    /// The stripes whose link to `child` is of the generation that was lost.
    func stripes(of child: String, generation: Int, streams: [UInt16]?) -> [Int] {
        layout.stripes.indices.filter { index in
            generations[Place(stripe: index, child: child)] == generation
                && layout.stripes[index].parents[child] != nil
                && (streams.map { !Set($0).isDisjoint(with: layout.stripes[index].streams) } ?? true)
        }
    }

    /// Chooses new parents for `child` in some stripes, none of `avoided`, and notes them. What can't be had any more is
    /// left out.
    mutating func reparent(
        _ child: String, in stripes: [Int], avoiding avoided: Set<String> = []
    ) -> [(parent: String, stripes: [Int], generation: Int)] {
        guard alive.contains(child) else { return [] }
        var chosen: [String: [Int]] = [:]
        for stripe in stripes {
            let place = Place(stripe: stripe, child: child)
            attempts[place, default: 0] += 1
            guard attempts[place, default: 0] <= Self.mostAttempts else {
                generations[place] = nil
                continue
            }
            let parent = parent(for: child, stripe: stripe, avoiding: avoided)
            chosen[parent, default: []].append(stripe)
        }
        return chosen.sorted { $0.key < $1.key }.compactMap { parent, stripes in
            move(child, to: parent, in: stripes).map { (parent, stripes, $0) }
        }
    }

    /// Gives `child` a parent in some stripes, and answers with the generation of its new links; nil when there is none
    /// left.
    mutating func move(_ child: String, to parent: String, in stripes: [Int]) -> Int? {
        guard let generation = nextGeneration(of: child) else { return nil }
        for stripe in stripes {
            layout.stripes[stripe].parents[child] = parent
            generations[Place(stripe: stripe, child: child)] = generation
        }
        return generation
    }

    /// A number for links to `child` that none of its links has had; nil when it has had all that there are.
    mutating func nextGeneration(of child: String) -> Int? {
        let next = lastGeneration[child, default: 0] + 1
        guard next < Self.generations else { return nil }
        lastGeneration[child] = next
        return next
    }

    /// As the agents number links: by attempt and stream.
    static let (generations, streamsPerGeneration) = (1024, 64)

    /// Notes that a stripe reaches `child` no more: what is missing comes by a repair.
    mutating func giveUp(_ child: String, stripes: [Int], generation: Int) {
        for stripe in stripes where generations[Place(stripe: stripe, child: child)] == generation {
            generations[Place(stripe: stripe, child: child)] = nil
        }
    }

    /// The nearest ancestor or a peer, as the plan has it, unless that one hangs below the child by now.
    private func parent(for child: String, stripe: Int, avoiding avoided: Set<String>) -> String {
        guard let plan,
            let parent = plan.replacementParent(
                for: child, cohort: layout.stripes[stripe].cohort, stripe: layout.stripes[stripe].number,
                alive: alive.subtracting(avoided)),
            !isBelow(parent, child, stripe: stripe)
        else { return source }
        return parent
    }

    private func isBelow(_ host: String, _ ancestor: String, stripe: Int) -> Bool {
        var current: String? = host
        var steps = 0
        while let here = current, steps <= alive.count {
            if here == ancestor { return true }
            current = layout.stripes[stripe].parents[here]
            steps += 1
        }
        return current != nil
    }
}
