import Synchronization

/// What a worker does next.
enum WorkItem: Sendable {
    /// A run of whole units (the last may be the disk's partial one) that is known to read as zeros.
    case zeros(disk: Int, range: Range<UInt64>)
    /// One unit, with the extents that cover it.
    case unit(disk: Int, range: Range<UInt64>, extents: [Extent])
}

/// Hands out the units of all disks of a job: the disks in turn, each in order, long runs of zeros as one.
///
/// Extents are asked for 256 MiB at a time, which bounds what a fragmented disk can take (1.5 MB at 4 KiB extents).
final class WorkQueue: Sendable {
    private let state: Mutex<State>
    private let indexes: [UInt32]

    private struct State {
        var disks: [DiskCursor]
        var turn = 0
    }

    /// - Parameter indexes: what each disk is called in the job, for errors.
    init(_ disks: [any DiskSource], indexes: [UInt32]) {
        self.indexes = indexes
        state = Mutex(State(disks: disks.map { DiskCursor(source: $0) }))
    }

    /// The next item, or nil when all were given out. Items name disks by their place in the queue.
    func next() throws(TransferError) -> WorkItem? {
        try state.withLock { (state) throws(TransferError) in
            for _ in state.disks.indices {
                let disk = state.turn
                state.turn = (state.turn + 1) % state.disks.count
                do {
                    if let item = try state.disks[disk].next(disk) { return item }
                } catch {
                    throw .source(indexes[disk], error)
                }
            }
            return nil
        }
    }
}

/// How far one disk was given out.
private struct DiskCursor {
    private static let window: UInt64 = 256 << 20
    /// Longest run of zeros in one item, so that a cancel is noticed within it.
    private static let longestRun: UInt64 = 1 << 40

    let source: any DiskSource
    private var position: UInt64 = 0
    /// Zeros are known from `position` up to here, ahead of `extents`.
    private var zeroEnd: UInt64 = 0
    private var extents: [Extent] = []
    private var index = 0
    private var asked: UInt64 = 0

    init(source: any DiskSource) { self.source = source }

    mutating func next(_ disk: Int) throws -> WorkItem? {
        let size = source.size
        guard position < size else { return nil }
        let start = position
        while zeroEnd < size, zeroEnd - start < Self.longestRun, let extent = try peek(), extent.isZero {
            zeroEnd = extent.offset + extent.length
            index += 1
        }
        let wholeEnd = zeroEnd == size ? size : zeroEnd - zeroEnd % Geometry.unit64
        if wholeEnd > start {
            position = wholeEnd
            return .zeros(disk: disk, range: start..<wholeEnd)
        }
        let end = min(start + Geometry.unit64, size)
        var unit: [Extent] = []
        if zeroEnd > start { unit.append(Extent(offset: start, length: zeroEnd - start, isZero: true)) }
        var covered = zeroEnd
        while covered < end, let extent = try peek() {
            let extentEnd = extent.offset + extent.length
            let part = min(extentEnd, end)
            unit.append(Extent(offset: covered, length: part - covered, isZero: extent.isZero))
            covered = part
            if extentEnd > end {
                extents[index] = Extent(offset: end, length: extentEnd - end, isZero: extent.isZero)
            } else {
                index += 1
            }
        }
        position = end
        zeroEnd = end
        return .unit(disk: disk, range: start..<end, extents: unit)
    }

    /// The extent after what is known, without taking it; nil at the end of the disk.
    private mutating func peek() throws -> Extent? {
        if index == extents.count {
            guard asked < source.size else { return nil }
            let range = asked..<min(source.size, asked + Self.window)
            extents = try source.extents(in: range)
            index = 0
            try checkCover(range)
            asked = range.upperBound
        }
        return extents[index]
    }

    /// Holes in the answer would become holes in the copy.
    private func checkCover(_ range: Range<UInt64>) throws {
        var at = range.lowerBound
        for extent in extents {
            guard extent.offset == at, extent.length > 0, extent.length <= range.upperBound - at else {
                throw TransferError(
                    .source, "extent \(extent.offset)+\(extent.length) does not go on at offset \(at); the map is wrong"
                )
            }
            at += extent.length
        }
        guard at == range.upperBound, !extents.isEmpty else {
            throw TransferError(
                .source, "the extents end at offset \(at), before \(range.upperBound); the map is wrong")
        }
    }
}
