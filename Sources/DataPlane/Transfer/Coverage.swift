/// Which parts of a disk have arrived, in the end all.
///
/// A bit for each unit (512 KB for 64 TiB), and a bit for each leaf of the units that are in work.
struct Coverage {
    /// Most units in work at once: more than any sender has.
    static let maxOpenUnits = 1024

    private let disk: UInt32
    private let size: UInt64
    private var whole: [UInt64]
    private var open: [UInt64: LeafSet] = [:]
    /// Bytes that are written, of units that aren't yet in whole.
    private var landing: [UInt64: UInt64] = [:]
    /// Units that may be in work besides, since parts of them are there from the beginning.
    private var allowance = 0
    private(set) var bytes: UInt64 = 0

    private struct LeafSet {
        var words = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
        var count = 0

        func contains(_ leaf: Int) -> Bool {
            withUnsafeBytes(of: words) { raw in
                raw.assumingMemoryBound(to: UInt64.self)[leaf >> 6] & (1 << UInt64(leaf & 63)) != 0
            }
        }

        /// Adds leaves, and returns the runs of those that weren't there.
        mutating func insert(_ leaves: Range<Int>) -> [Range<Int>] {
            var new: [Range<Int>] = []
            withUnsafeMutableBytes(of: &words) { raw in
                let words = raw.assumingMemoryBound(to: UInt64.self)
                for leaf in leaves where words[leaf >> 6] & (1 << UInt64(leaf & 63)) == 0 {
                    words[leaf >> 6] |= 1 << UInt64(leaf & 63)
                    if let last = new.last, last.upperBound == leaf {
                        new[new.count - 1] = last.lowerBound..<(leaf + 1)
                    } else {
                        new.append(leaf..<(leaf + 1))
                    }
                    count += 1
                }
            }
            return new
        }
    }

    init(disk: UInt32, size: UInt64) {
        self.disk = disk
        self.size = size
        whole = [UInt64](repeating: 0, count: Int((Geometry.units(in: size) + 63) / 64))
    }

    /// True when every byte has arrived.
    var isComplete: Bool { bytes == size }

    /// Takes a range that `FrameCheck` has let through, and returns those parts of it that hadn't arrived before.
    /// Throws when that would make too many units partial.
    mutating func take(offset: UInt64, length: UInt64) throws(FrameError) -> [Range<UInt64>] {
        let end = offset + length
        var taken: [Range<UInt64>] = []
        var at = offset
        while at < end {
            let unit = at / Geometry.unit64
            let start = unit * Geometry.unit64
            let unitEnd = min(start + Geometry.unit64, size)
            let part = at..<min(end, unitEnd)
            for new in try take(unit: unit, part: part, of: start..<unitEnd) {
                if let last = taken.last, last.upperBound == new.lowerBound {
                    taken[taken.count - 1] = last.lowerBound..<new.upperBound
                } else {
                    taken.append(new)
                }
                bytes += UInt64(new.count)
            }
            at = part.upperBound
        }
        return taken
    }

    /// Takes a range that was there before anything arrived, however many units that makes partial.
    mutating func keep(_ range: Range<UInt64>) throws(FrameError) -> [Range<UInt64>] {
        let before = open.count
        // A range makes its first and its last unit partial, and no other.
        allowance += 2
        let taken = try take(offset: range.lowerBound, length: UInt64(range.count))
        allowance += open.count - before - 2
        return taken
    }

    /// What hasn't arrived, in order: at most `limit` ranges, so that an answer has room for them.
    func missing(limit: Int) -> [Range<UInt64>] {
        var missing: [Range<UInt64>] = []
        func add(_ range: Range<UInt64>) {
            if let last = missing.last, last.upperBound == range.lowerBound {
                missing[missing.count - 1] = last.lowerBound..<range.upperBound
            } else {
                missing.append(range)
            }
        }
        for unit in 0..<Geometry.units(in: size) where whole[Int(unit / 64)] & (1 << (unit % 64)) == 0 {
            if missing.count >= limit { break }
            let start = unit * Geometry.unit64
            let end = min(start + Geometry.unit64, size)
            guard let leaves = open[unit] else {
                add(start..<end)
                continue
            }
            for leaf in 0..<Geometry.leaves(in: Int(end - start)) where !leaves.contains(leaf) {
                let from = start + UInt64(leaf) * Geometry.leaf64
                add(from..<min(from + Geometry.leaf64, end))
            }
        }
        return missing
    }

    /// Notes that a range that was added is written. Returns the units that this has completed: one range, as they
    /// are neighbours.
    mutating func land(offset: UInt64, length: UInt64) -> Range<UInt64>? {
        var completed: Range<UInt64>?
        let end = offset + length
        var at = offset
        while at < end {
            let unit = at / Geometry.unit64
            let start = unit * Geometry.unit64
            let unitEnd = min(start + Geometry.unit64, size)
            let part = min(end, unitEnd)
            let written = (landing[unit] ?? 0) + (part - at)
            if written == unitEnd - start {
                landing[unit] = nil
                completed = (completed?.lowerBound ?? start)..<unitEnd
            } else {
                landing[unit] = written
            }
            at = part
        }
        return completed
    }

    private mutating func take(
        unit: UInt64, part: Range<UInt64>, of range: Range<UInt64>
    ) throws(FrameError) -> [Range<UInt64>] {
        let (word, bit) = (Int(unit / 64), UInt64(1) << (unit % 64))
        guard whole[word] & bit == 0 else { return [] }
        if part == range, open[unit] == nil {
            whole[word] |= bit
            return [part]
        }
        guard open.count < Self.maxOpenUnits + allowance || open[unit] != nil else { throw .tooScattered(disk: disk) }
        let first = Int((part.lowerBound - range.lowerBound) / Geometry.leaf64)
        let last = Geometry.leaves(in: Int(part.upperBound - range.lowerBound))
        var leaves = open[unit] ?? LeafSet()
        let new = leaves.insert(first..<last)
        if leaves.count == Geometry.leaves(in: range.count) {
            open[unit] = nil
            whole[word] |= bit
        } else {
            open[unit] = leaves
        }
        return new.map { run in
            let start = range.lowerBound + UInt64(run.lowerBound) * Geometry.leaf64
            return start..<min(range.lowerBound + UInt64(run.upperBound) * Geometry.leaf64, part.upperBound)
        }
    }
}
