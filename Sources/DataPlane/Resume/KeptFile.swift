/// A partial file that an earlier run of an operation has left, with what of it is durable.
public struct KeptFile: Sendable {
    /// The file, open under its unfinished name.
    public let file: TemporaryFile
    /// Its journal, to go on with.
    public let journal: ResumeJournal
    /// What needs not be sent again.
    public let durable: LeafRanges

    /// Looks for it; nil when there is nothing. A file that has its final name already, `final`, gets its unfinished one
    /// back. Throws `ResumeRefusal` when what is there can't be used. Blocks.
    public static func find(_ subject: ResumeJournal.Subject, final: FileName, in root: PoolRoot) throws -> KeptFile? {
        let (operation, number) = (subject.operation, subject.number)
        let temporary = try FileName.temporary(operation: operation, number: number)
        guard let opened = try ResumeJournal.open(operation: operation, number: number, in: root) else {
            if try root.exists(temporary) { throw ResumeRefusal.journalMissing }
            return nil
        }
        if try !root.exists(temporary) {
            guard try root.takeBack(final, token: opened.token, operation: operation, number: number) else {
                throw ResumeRefusal.fileMissing
            }
        }
        if let difference = opened.subject.difference(to: subject) { throw difference }
        let file = try root.openTemporary(operation: operation, number: number)
        guard try IdentityToken.of(file.descriptor.raw, path: file.path) == opened.token else {
            throw ResumeRefusal.otherFile
        }
        // A raw file has its size from the beginning; that is durable with the first of what it holds.
        if subject.format == "raw", !opened.durable.ranges.isEmpty, try file.identity().fileSize != subject.size {
            throw ResumeRefusal.fileShort
        }
        return KeptFile(file: file, journal: opened.journal, durable: opened.durable)
    }

    /// Removes what an earlier run has left of a file, whatever it is. Blocks.
    public static func remove(operation: String, number: Int, in root: PoolRoot) throws {
        try root.removeTemporary(operation: operation, number: number)
    }

    /// Where `source`, the file as its guest would read it, has data outside of what is durable: whole leaves, at most so
    /// many. Blocks.
    public static func tail(
        of source: any DiskSource, outside durable: LeafRanges, mostLeaves: UInt64
    ) throws -> LeafRanges {
        var tail = LeafRanges()
        var at: UInt64 = 0
        for end in durable.ranges.map(\.lowerBound) + [source.size] {
            if at < end {
                for extent in try source.extents(in: at..<end) where !extent.isZero {
                    let start = max(
                        extent.offset - extent.offset % Geometry.leaf64, at, tail.ranges.last?.upperBound ?? 0)
                    let rest = (extent.offset + extent.length) % Geometry.leaf64
                    let stop = min(
                        end, extent.offset + extent.length + (rest == 0 ? 0 : Geometry.leaf64 - rest))
                    guard start < stop else { continue }
                    let room = mostLeaves - min(mostLeaves, tail.leaves)
                    guard room > 0 else { return tail }
                    tail.append(start..<min(stop, start + room * Geometry.leaf64))
                }
            }
            at = durable.ranges.first { $0.lowerBound == end }?.upperBound ?? end
        }
        return tail
    }
}
