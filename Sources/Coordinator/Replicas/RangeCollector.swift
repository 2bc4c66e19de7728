/// Ranges of a disk that are found in order, bounded in number: where there are too many, those that are nearest to each
/// other are joined, with what lies between them.
struct RangeCollector {
    private let limit: Int
    private(set) var ranges: [Range<UInt64>] = []

    /// - Parameter limit: most ranges in the end, 1 or more.
    init(limit: Int) { self.limit = limit }

    /// Adds a range behind all others.
    mutating func add(_ range: Range<UInt64>) {
        guard !range.isEmpty else { return }
        if let last = ranges.last, last.upperBound == range.lowerBound {
            ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
            return
        }
        ranges.append(range)
        if ranges.count >= 2 * limit { join() }
    }

    /// The ranges, `limit` of them at most.
    mutating func finish() -> [Range<UInt64>] {
        join()
        return ranges
    }

    private mutating func join() {
        guard ranges.count > limit else { return }
        let gaps = zip(ranges, ranges.dropFirst()).map { $1.lowerBound - $0.upperBound }
        // The widest gaps stay.
        let order = gaps.indices.sorted { (gaps[$0], $1) > (gaps[$1], $0) }
        let staying = Set(order.prefix(limit - 1))
        var joined: [Range<UInt64>] = [ranges[0]]
        for place in gaps.indices {
            let next = ranges[place + 1]
            if staying.contains(place) {
                joined.append(next)
            } else {
                joined[joined.count - 1] = joined[joined.count - 1].lowerBound..<next.upperBound
            }
        }
        ranges = joined
    }
}
