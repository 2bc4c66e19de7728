import Synchronization

/// What a worker does next.
enum WorkItem: Sendable {
    /// A run of whole units (the last may be the disk's partial one) that is known to read as zeros.
    case zeros(DiskPart, Range<UInt64>)
    /// One unit, with the extents that cover it.
    case unit(DiskPart, Range<UInt64>, [Extent])
}

/// Hands out the units of parts of disks: the parts in turn, each in order, long runs of zeros as one.
///
/// Extents are asked for 256 MiB at a time, which bounds what a fragmented disk can take (1.5 MB at 4 KiB extents).
final class WorkQueue: Sendable {
    private let state: Mutex<State>

    private struct State {
        var parts: [DiskCursor]
        var turn = 0
    }

    init(_ parts: [DiskPart]) { state = Mutex(State(parts: parts.map { DiskCursor($0) })) }

    /// The next item, or nil when all were given out.
    func next() throws(TransferError) -> WorkItem? {
        try state.withLock { (state) throws(TransferError) in
            for _ in state.parts.indices {
                let turn = state.turn
                state.turn = (turn + 1) % state.parts.count
                do {
                    if let item = try state.parts[turn].next() { return item }
                } catch {
                    throw .source(state.parts[turn].part.index, error)
                }
            }
            return nil
        }
    }
}

/// How far one part was given out.
private struct DiskCursor {
    private static let window: UInt64 = 256 << 20
    /// Longest run of zeros in one item, so that a cancel is noticed within it.
    private static let longestRun: UInt64 = 1 << 40

    let part: DiskPart
    private var position: UInt64
    /// Zeros are known from `position` up to here, ahead of `extents`.
    private var zeroEnd: UInt64
    private var extents: [Extent] = []
    private var index = 0
    private var asked: UInt64

    init(_ part: DiskPart) {
        self.part = part
        position = part.range.lowerBound
        zeroEnd = position
        asked = position
    }

    mutating func next() throws -> WorkItem? {
        let size = part.range.upperBound
        guard position < size else { return nil }
        let start = position
        while zeroEnd < size, zeroEnd - start < Self.longestRun, let extent = try peek(), extent.isZero {
            zeroEnd = extent.offset + extent.length
            index += 1
        }
        let wholeEnd = zeroEnd == size ? size : max(start, zeroEnd - zeroEnd % Geometry.unit64)
        if wholeEnd > start {
            position = wholeEnd
            return .zeros(part, start..<wholeEnd)
        }
        let end = min(start - start % Geometry.unit64 + Geometry.unit64, size)
        var unit: [Extent] = []
        if zeroEnd > start { unit.append(Extent(offset: start, length: zeroEnd - start, isZero: true)) }
        var covered = zeroEnd
        while covered < end, let extent = try peek() {
            let extentEnd = extent.offset + extent.length
            let partEnd = min(extentEnd, end)
            unit.append(Extent(offset: covered, length: partEnd - covered, isZero: extent.isZero))
            covered = partEnd
            if extentEnd > end {
                extents[index] = Extent(offset: end, length: extentEnd - end, isZero: extent.isZero)
            } else {
                index += 1
            }
        }
        position = end
        zeroEnd = end
        return .unit(part, start..<end, unit)
    }

    /// The extent after what is known, without taking it; nil at the end of the disk.
    private mutating func peek() throws -> Extent? {
        if index == extents.count {
            guard asked < part.range.upperBound else { return nil }
            let range = asked..<min(part.range.upperBound, asked + Self.window)
            extents = try part.source.extents(in: range)
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
