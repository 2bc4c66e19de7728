/// Which parts of a disk have arrived: each exactly once, and in the end all.
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
    private(set) var bytes: UInt64 = 0

    private struct LeafSet {
        var words = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
        var count = 0

        /// Adds leaves; false when one of them is there already.
        mutating func insert(_ leaves: Range<Int>) -> Bool {
            withUnsafeMutableBytes(of: &words) { raw in
                let words = raw.assumingMemoryBound(to: UInt64.self)
                for leaf in leaves where words[leaf >> 6] & (1 << UInt64(leaf & 63)) != 0 { return false }
                for leaf in leaves { words[leaf >> 6] |= 1 << UInt64(leaf & 63) }
                count += leaves.count
                return true
            }
        }
    }

    init(disk: UInt32, size: UInt64) {
        self.disk = disk
        self.size = size
        whole = [UInt64](repeating: 0, count: Int((Geometry.units(in: size) + 63) / 64))
    }

    /// True when every byte has arrived.
    var isComplete: Bool { bytes == size }

    /// Takes a range that `FrameCheck` has let through. Throws when any of it arrived before.
    mutating func add(offset: UInt64, length: UInt64) throws(FrameError) {
        let end = offset + length
        var at = offset
        while at < end {
            let unit = at / Geometry.unit64
            let start = unit * Geometry.unit64
            let unitEnd = min(start + Geometry.unit64, size)
            let part = min(end, unitEnd)
            try add(unit: unit, part: at..<part, of: start..<unitEnd)
            at = part
        }
        bytes += length
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

    private mutating func add(unit: UInt64, part: Range<UInt64>, of range: Range<UInt64>) throws(FrameError) {
        let (word, bit) = (Int(unit / 64), UInt64(1) << (unit % 64))
        guard whole[word] & bit == 0 else { throw .duplicate(disk: disk, offset: part.lowerBound) }
        if part == range {
            guard open[unit] == nil else { throw .duplicate(disk: disk, offset: part.lowerBound) }
            whole[word] |= bit
            return
        }
        guard open.count < Self.maxOpenUnits || open[unit] != nil else { throw .tooScattered(disk: disk) }
        let first = Int((part.lowerBound - range.lowerBound) / Geometry.leaf64)
        let last = Geometry.leaves(in: Int(part.upperBound - range.lowerBound))
        var leaves = open[unit] ?? LeafSet()
        guard leaves.insert(first..<last) else { throw .duplicate(disk: disk, offset: part.lowerBound) }
        if leaves.count == Geometry.leaves(in: range.count) {
            open[unit] = nil
            whole[word] |= bit
        } else {
            open[unit] = leaves
        }
    }
}
