/// Which stripe carries which unit of work: smooth weighted round robin, the same for every agent that knows the
/// weights. In any run of units each stripe gets its share to within one unit or so.
public struct StripeSchedule: Sendable, Equatable {
    /// The bytes of a unit of work: 16 MiB.
    public static let unitBytes: UInt64 = 16 << 20

    private let order: [Int]

    /// A schedule for stripes of these weights, each above zero and at most 10,000 in all; anything else is nil.
    public init?(weights: [Int]) {
        let bounded = weights.allSatisfy { (1...10_000).contains($0) } && weights.count <= 10_000
        let sum = bounded ? weights.reduce(0, +) : 0
        guard !weights.isEmpty, sum > 0, sum <= 10_000 else { return nil }
        self.init(checked: weights)
    }

    /// A schedule for weights of a plan, which are in range.
    init(checked weights: [Int]) {
        let sum = weights.reduce(0, +)
        var credit = [Int](repeating: 0, count: weights.count)
        var order: [Int] = []
        order.reserveCapacity(sum)
        for _ in 0..<sum {
            var next = 0
            for stripe in weights.indices {
                credit[stripe] += weights[stripe]
                if credit[stripe] > credit[next] { next = stripe }
            }
            credit[next] -= sum
            order.append(next)
        }
        self.order = order
    }

    /// The stripe of a unit, by its number from the start of the job.
    public func stripe(ofUnit unit: UInt64) -> Int { order[Int(unit % UInt64(order.count))] }

    /// How many of the first `units` units each stripe carries.
    public func counts(ofFirst units: UInt64) -> [UInt64] {
        let period = UInt64(order.count)
        var counts = [UInt64](repeating: 0, count: (order.max() ?? 0) + 1)
        for stripe in order { counts[stripe] += units / period }
        for stripe in order.prefix(Int(units % period)) { counts[stripe] += 1 }
        return counts
    }
}
