/// Minimum-cost spanning arborescences: Chu and Liu's and Edmonds' algorithm on a dense matrix. Each level contracts
/// all cycles at once, which takes O(n²) for a level and O(n² log n) in all.
enum Arborescence {
    /// The parent of each node in an arborescence of least cost that is rooted at node 0, or nil if there is none.
    /// `cost[from * count + to]` is what an edge costs, `.infinity` where there is none. Ties go to the lower index.
    static func cheapest(count: Int, cost: [Double]) -> [Int]? {
        guard count > 1 else { return [-1] }
        guard var parent = cheapestParents(count: count, cost: cost) else { return nil }
        guard let (component, components) = contract(parent, count: count) else { return parent }
        // Edges between components, less what the edge that they replace in a cycle costs.
        var reduced = [Double](repeating: .infinity, count: components * components)
        var origin = [(from: Int, to: Int)](repeating: (0, 0), count: components * components)
        for from in 0..<count {
            for to in 1..<count where component[from] != component[to] {
                let edge = cost[from * count + to]
                guard edge < .infinity else { continue }
                let saved = cost[parent[to] * count + to]
                let at = component[from] * components + component[to]
                if edge - saved < reduced[at] {
                    reduced[at] = edge - saved
                    origin[at] = (from, to)
                }
            }
        }
        guard let above = cheapest(count: components, cost: reduced) else { return nil }
        for inner in 1..<components {
            let edge = origin[above[inner] * components + inner]
            parent[edge.to] = edge.from
        }
        return parent
    }

    private static func cheapestParents(count: Int, cost: [Double]) -> [Int]? {
        var parent = [Int](repeating: -1, count: count)
        var least = [Double](repeating: .infinity, count: count)
        for from in 0..<count {
            for to in 1..<count where to != from && cost[from * count + to] < least[to] {
                least[to] = cost[from * count + to]
                parent[to] = from
            }
        }
        return parent.dropFirst().contains(-1) ? nil : parent
    }

    /// The component of each node when cycles are contracted, the root's being 0; nil if there is no cycle.
    private static func contract(_ parent: [Int], count: Int) -> (component: [Int], count: Int)? {
        var visit = [Int](repeating: -1, count: count)
        var component = [Int](repeating: -1, count: count)
        component[0] = 0
        visit[0] = 0
        var components = 1
        var hasCycle = false
        for start in 1..<count where visit[start] < 0 {
            var node = start
            while visit[node] < 0 {
                visit[node] = start
                node = parent[node]
            }
            guard node != 0, visit[node] == start, component[node] < 0 else { continue }
            hasCycle = true
            var inner = node
            repeat {
                component[inner] = components
                inner = parent[inner]
            } while inner != node
            components += 1
        }
        guard hasCycle else { return nil }
        for node in 1..<count where component[node] < 0 {
            component[node] = components
            components += 1
        }
        return (component, components)
    }
}
