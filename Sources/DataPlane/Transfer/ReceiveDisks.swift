import Synchronization

/// The disks of a receive job: their sinks, what of them has arrived, and the job's counters.
final class ReceiveDisks: Sendable {
    let sizes: [UInt32: UInt64]
    private let sinks: [UInt32: any DiskSink]
    private let coverage: Mutex<[UInt32: Coverage]>
    private let commit: GroupCommit
    /// Bytes that were there before anything came.
    private let kept = Atomic<UInt64>(0)
    let data = Atomic<UInt64>(0)
    let zeros = Atomic<UInt64>(0)
    let wire = Atomic<UInt64>(0)
    let load: DiskLoad
    /// In the order of the job's list.
    let done: DiskCounters
    private let places: [UInt32: Int]

    /// - Parameter commit: is told of each unit that is written.
    init(_ disks: [(index: UInt32, sink: any DiskSink)], commit: GroupCommit, load: DiskLoad) {
        self.load = load
        self.commit = commit
        var sinks: [UInt32: any DiskSink] = [:]
        for disk in disks { sinks[disk.index] = disk.sink }
        self.sinks = sinks
        done = DiskCounters(count: disks.count)
        places = Dictionary(disks.enumerated().map { ($1.index, $0) }) { first, _ in first }
        sizes = sinks.mapValues(\.size)
        coverage = Mutex(
            Dictionary(uniqueKeysWithValues: sizes.map { ($0.key, Coverage(disk: $0.key, size: $0.value)) }))
    }

    var logical: UInt64 {
        data.load(ordering: .relaxed) + zeros.load(ordering: .relaxed) + kept.load(ordering: .relaxed)
    }
    var total: UInt64 { sizes.values.reduce(0, +) }

    /// Indexes of the disks that lack bytes, in order.
    var incomplete: [UInt32] {
        coverage.withLock { all in all.filter { !$0.value.isComplete }.map(\.key).sorted() }
    }

    /// True when every byte of every disk has come and was written.
    var isComplete: Bool { logical == total }

    /// What hasn't come yet, at most `limit` ranges of each disk.
    func missing(limit: Int) -> [UInt32: [Range<UInt64>]] {
        coverage.withLock { all in all.mapValues { $0.missing(limit: limit) } }
    }

    /// Notes that a range has come, and returns those parts of it that are new. Only for authentic frames.
    /// - Parameter once: throws when any of it came before.
    func claim(_ header: FrameHeader, once: Bool) throws(FrameError) -> [Range<UInt64>] {
        let new = try coverage.withLock { (all) throws(FrameError) in
            guard all[header.disk] != nil else { throw .unknownDisk(header.disk) }
            return try all[header.disk]?.take(offset: header.offset, length: header.logicalLength) ?? []
        }
        if once, new != [header.offset..<(header.offset + header.logicalLength)] {
            throw .duplicate(disk: header.disk, offset: header.offset)
        }
        return new
    }

    func write(_ bytes: UnsafeRawBufferPointer, disk: UInt32, at range: Range<UInt64>) throws(TransferError) {
        do { try sinks[disk]?.write(bytes, at: range.lowerBound) } catch { throw .sink(disk, error) }
        data.add(UInt64(range.count), ordering: .relaxed)
        land(disk, range)
    }

    func zero(disk: UInt32, _ range: Range<UInt64>) throws(TransferError) {
        do { try sinks[disk]?.zero(range) } catch { throw .sink(disk, error) }
        zeros.add(UInt64(range.count), ordering: .relaxed)
        land(disk, range)
    }

    /// Counts ranges of which the disk has the bytes as if they had come.
    func keep(_ ranges: LeafRanges, disk: UInt32) throws(FrameError) {
        for range in ranges.ranges {
            let new = try coverage.withLock { (all) throws(FrameError) in
                guard all[disk] != nil else { throw .unknownDisk(disk) }
                return try all[disk]?.keep(range) ?? []
            }
            for range in new {
                kept.add(UInt64(range.count), ordering: .relaxed)
                land(disk, range)
            }
        }
    }

    func flush() throws(TransferError) {
        for (index, sink) in sinks { do { try sink.flush() } catch { throw .sink(index, error) } }
    }

    private func land(_ disk: UInt32, _ range: Range<UInt64>) {
        if let place = places[disk] { done.add(UInt64(range.count), disk: place) }
        let completed = coverage.withLock { all in
            all[disk]?.land(offset: range.lowerBound, length: UInt64(range.count))
        }
        if let completed {
            commit.add(
                disk: disk, completed, data: data.load(ordering: .relaxed) + kept.load(ordering: .relaxed))
        }
    }
}
