/// A range of a disk that begins at a leaf, and ends at one or with the disk.
struct DiskPart: Sendable {
    /// The disk's place in the job.
    let disk: Int
    /// What the disk is called in the job, for frames and errors.
    let index: UInt32
    let source: any DiskSource
    let range: Range<UInt64>
    /// What of it is sent, in order; nil: all of it. The rest is only read, for its digests.
    var sent: LeafRanges?

    init(
        disk: Int, index: UInt32, source: any DiskSource, range: Range<UInt64>, sent: LeafRanges? = nil
    ) {
        self.disk = disk
        self.index = index
        self.source = source
        self.range = range
        self.sent = sent
    }

    /// Bytes that are sent.
    var sentBytes: UInt64 { sent.map { $0.bytes } ?? UInt64(range.count) }

    /// All of each disk of a job.
    static func whole(_ sources: [any DiskSource], indexes: [UInt32]) -> [DiskPart] {
        zip(sources, indexes).enumerated().map { place, disk in
            DiskPart(disk: place, index: disk.1, source: disk.0, range: 0..<disk.0.size)
        }
    }

    /// Some ranges of each disk of a job.
    static func parts(
        _ sources: [any DiskSource], indexes: [UInt32], ranges: [LeafRanges]
    ) -> [DiskPart] {
        sources.enumerated().flatMap { place, source in
            ranges[place].ranges.map { DiskPart(disk: place, index: indexes[place], source: source, range: $0) }
        }
    }

    /// Whole units that cover some ranges of each disk; only those ranges are sent.
    static func units(
        _ sources: [any DiskSource], indexes: [UInt32], covering ranges: [LeafRanges]
    ) -> [DiskPart] {
        sources.enumerated().flatMap { place, source in
            ranges[place].units(size: source.size).map { units in
                DiskPart(
                    disk: place, index: indexes[place], source: source, range: units,
                    sent: ranges[place].clipped(to: units))
            }
        }
    }

    /// All other units, of which nothing is sent. `known` units are left out as well.
    static func units(
        _ sources: [any DiskSource], indexes: [UInt32], outside ranges: [LeafRanges], known: [Set<UInt64>]
    ) -> [DiskPart] {
        sources.enumerated().flatMap { place, source -> [DiskPart] in
            var rest: [Range<UInt64>] = []
            var covered = ranges[place].units(size: source.size)[...]
            for unit in 0..<Geometry.units(in: source.size) {
                let start = unit * Geometry.unit64
                while let first = covered.first, first.upperBound <= start { covered.removeFirst() }
                if covered.first?.contains(start) ?? false || known[place].contains(unit) { continue }
                let end = min(start + Geometry.unit64, source.size)
                if let last = rest.last, last.upperBound == start {
                    rest[rest.count - 1] = last.lowerBound..<end
                } else {
                    rest.append(start..<end)
                }
            }
            return rest.map {
                DiskPart(disk: place, index: indexes[place], source: source, range: $0, sent: LeafRanges())
            }
        }
    }
}
