import Synchronization

/// The disks of a receive job: their sinks, what of them has arrived, and the job's counters.
final class ReceiveDisks: Sendable {
    let sizes: [UInt32: UInt64]
    private let sinks: [UInt32: any DiskSink]
    private let coverage: Mutex<[UInt32: Coverage]>
    private let verifier: RollingVerifier?
    let data = Atomic<UInt64>(0)
    let zeros = Atomic<UInt64>(0)
    let wire = Atomic<UInt64>(0)
    /// In the order of the job's list.
    let done: DiskCounters
    private let places: [UInt32: Int]

    /// - Parameter verifier: is told of each unit that is written.
    init(_ disks: [(index: UInt32, sink: any DiskSink)], verifier: RollingVerifier?) {
        self.verifier = verifier
        var sinks: [UInt32: any DiskSink] = [:]
        for disk in disks { sinks[disk.index] = disk.sink }
        self.sinks = sinks
        done = DiskCounters(count: disks.count)
        places = Dictionary(disks.enumerated().map { ($1.index, $0) }) { first, _ in first }
        sizes = sinks.mapValues(\.size)
        coverage = Mutex(
            Dictionary(uniqueKeysWithValues: sizes.map { ($0.key, Coverage(disk: $0.key, size: $0.value)) }))
    }

    var logical: UInt64 { data.load(ordering: .relaxed) + zeros.load(ordering: .relaxed) }
    var total: UInt64 { sizes.values.reduce(0, +) }

    /// Indexes of the disks that lack bytes, in order.
    var incomplete: [UInt32] {
        coverage.withLock { all in all.filter { !$0.value.isComplete }.map(\.key).sorted() }
    }

    /// Notes that a range has come. Only for authentic frames; throws when it came before.
    func claim(_ header: FrameHeader) throws(FrameError) {
        try coverage.withLock { (all) throws(FrameError) in
            guard all[header.disk] != nil else { throw .unknownDisk(header.disk) }
            try all[header.disk]?.add(offset: header.offset, length: header.logicalLength)
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, _ header: FrameHeader) throws(TransferError) {
        do { try sinks[header.disk]?.write(bytes, at: header.offset) } catch { throw .sink(header.disk, error) }
        data.add(header.logicalLength, ordering: .relaxed)
        land(header)
    }

    func zero(_ header: FrameHeader) throws(TransferError) {
        let range = header.offset..<(header.offset + header.logicalLength)
        do { try sinks[header.disk]?.zero(range) } catch { throw .sink(header.disk, error) }
        zeros.add(header.logicalLength, ordering: .relaxed)
        land(header)
    }

    private func land(_ header: FrameHeader) {
        if let place = places[header.disk] { done.add(header.logicalLength, disk: place) }
        guard let verifier else { return }
        let completed = coverage.withLock { all in
            all[header.disk]?.land(offset: header.offset, length: header.logicalLength)
        }
        if let completed {
            verifier.add(disk: header.disk, completed, data: data.load(ordering: .relaxed))
        }
    }
}
