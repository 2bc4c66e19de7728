/// Ranges of bytes of each disk of a job, in the disks' order; those of a disk in order and apart from each other.
struct DiskRanges: Sendable, Equatable {
    var disks: [[Range<UInt64>]]

    /// Takes ranges as agents tell them. Nil when they aren't in order.
    init?(pairs: [[[UInt64]]]) {
        disks = []
        for disk in pairs {
            var ranges: [Range<UInt64>] = []
            for pair in disk {
                guard pair.count == 2, pair[0] < pair[1], pair[0] >= ranges.last?.upperBound ?? 0 else { return nil }
                ranges.append(pair[0]..<pair[1])
            }
            disks.append(ranges)
        }
    }

    init(_ disks: [[Range<UInt64>]]) { self.disks = disks }

    /// As agents want them.
    var pairs: [[[UInt64]]] { disks.map { $0.map { [$0.lowerBound, $0.upperBound] } } }

    var isEmpty: Bool { disks.allSatisfy(\.isEmpty) }

    /// Bytes of all ranges.
    var bytes: UInt64 { disks.joined().reduce(0) { $0 + UInt64($1.count) } }

    /// What is in both.
    func intersection(_ other: DiskRanges) -> DiskRanges {
        DiskRanges(zip(disks, other.disks).map { Self.intersection($0, $1) })
    }

    /// What is in this one only.
    func subtracting(_ other: DiskRanges) -> DiskRanges {
        DiskRanges(zip(disks, other.disks).map { Self.difference($0, $1) })
    }

    private static func difference(_ first: [Range<UInt64>], _ second: [Range<UInt64>]) -> [Range<UInt64>] {
        var result: [Range<UInt64>] = []
        var j = 0
        for range in first {
            var low = range.lowerBound
            while j < second.count, second[j].upperBound <= low { j += 1 }
            var k = j
            while k < second.count, second[k].lowerBound < range.upperBound {
                if low < second[k].lowerBound { result.append(low..<second[k].lowerBound) }
                low = max(low, second[k].upperBound)
                k += 1
            }
            if low < range.upperBound { result.append(low..<range.upperBound) }
        }
        return result
    }

    private static func intersection(
        _ first: [Range<UInt64>], _ second: [Range<UInt64>]
    ) -> [Range<UInt64>] {
        var result: [Range<UInt64>] = []
        var (i, j) = (0, 0)
        while i < first.count, j < second.count {
            let low = max(first[i].lowerBound, second[j].lowerBound)
            let high = min(first[i].upperBound, second[j].upperBound)
            if low < high { result.append(low..<high) }
            if first[i].upperBound < second[j].upperBound { i += 1 } else { j += 1 }
        }
        return result
    }
}
