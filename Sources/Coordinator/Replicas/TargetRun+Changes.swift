import AgentProtocol
import Model

extension TargetRun {
    /// Finds out in what a replica differs from the source. Nil where there is none: all of it is to come.
    func findChanges() async throws(KVMCloneError) -> DiskRanges? {
        guard let sync = target.sync, let current = sync.current else { return nil }
        if current.needsMerge {
            // An earlier run has switched to it, and could not merge it.
            _ = try await driver.call(MergeReplica(folder: target.folder, replica: target.newName))
        }
        enter(.comparing)
        let files = operation.plan.files
        let changed = files.indices.filter { sync.bases[$0] != nil }
        let replica = Replica(folder: target.folder, record: current.merged)
        let copies = replica.files(like: changed.map { files[$0] }).compactMap { $0 }
        guard copies.count == changed.count else {
            throw KVMCloneError(.sync, "the replica's disks aren't those that were planned with", host: host)
        }
        var ranges = files.indices.map { source.sizes[$0] > 0 ? [0..<source.sizes[$0]] : [] }
        let whole = files.indices.filter { sync.bases[$0] == nil }.reduce(UInt64(0)) { $0 + source.sizes[$1] }
        tracker.found(changed: whole, host: host)
        guard !changed.isEmpty else { return DiskRanges(ranges) }
        let copy = try await ComparisonOpening(operation: operation, ledger: ledger).open(
            copies, of: target.newName, on: driver)
        let comparison = WindowComparison(source: digests, copy: copy)
        let progress = ComparisonProgress(files: files, tracker: tracker, host: host)
        var differing = whole
        for (place, disk) in changed.enumerated() {
            var collector = RangeCollector(limit: OpenReceive.Base.mostRanges / changed.count)
            _ = try await comparison.compare(
                (disk, place), named: files[disk].disk,
                differs: { range in
                    collector.add(range)
                    differing += UInt64(range.count)
                    tracker.found(changed: differing, host: host)
                }, note: { progress.note(disk: disk, done: $0, read: $1) })
            ranges[disk] = collector.finish()
        }
        tracker.found(changed: DiskRanges(ranges).bytes, host: host)
        return DiskRanges(ranges)
    }

    /// Reads back what was changed, and compares it with the source. False when that wasn't asked for.
    func verify(_ changes: DiskRanges) async throws(KVMCloneError) -> Bool {
        guard operation.options.verify else { return false }
        enter(.verifying)
        var isFromMedium = true
        var done: UInt64 = 0
        for window in changes.windows(leaves: KeptDisk.mostLeaves, leaf: HashUnits.leaf) {
            let read = try await driver.call(ReadBackRanges(job: operation.job, disks: window.pairs))
            let same = try await operation.source.call(
                CompareTail(job: operation.job, disks: window.pairs, digests: read.digests)
            ).same
            guard let equal = DiskRanges(pairs: same) else {
                throw KVMCloneError(.connection, "the agent's list of what is equal makes no sense", host: host)
            }
            let spoilt = window.subtracting(equal)
            guard spoilt.isEmpty else {
                let place = spoilt.disks.firstIndex { !$0.isEmpty } ?? 0
                throw KVMCloneError.spoilt(
                    "\(operation.plan.files[place].disk) differs from its source after it was written", host: host,
                    cause: "in \(ByteCount.format(spoilt.bytes)), first at byte \(spoilt.disks[place][0].lowerBound)",
                    whatToDo: "the changes were removed; look for errors of the medium with `dmesg` on \(host)")
            }
            isFromMedium = isFromMedium && read.fromMedium
            done += window.bytes
            tracker.received(
                ReceivingProgress(job: operation.job, done: source.sizes.map { _ in 0 }, data: done, wire: 0),
                during: .verifying, host: host)
        }
        if !isFromMedium {
            operation.emit(
                .warning(host: host, message: "read back through the page cache: direct reads aren't possible there"))
        }
        return true
    }
}

/// How far the comparison of several disks is.
private final class ComparisonProgress {
    private var done: [UInt64]
    private var data: UInt64 = 0
    private let tracker: ProgressTracker
    private let host: String

    init(files: [ClonePlan.File], tracker: ProgressTracker, host: String) {
        done = files.map { _ in 0 }
        self.tracker = tracker
        self.host = host
    }

    func note(disk: Int, done bytes: UInt64, read: UInt64) {
        done[disk] = bytes
        data += read
        tracker.received(
            ReceivingProgress(job: HexBytes([]), done: done, data: data, wire: 0), during: .comparing, host: host)
    }
}

extension ClonePlan.Target {
    /// What a file is changed from; nil when it is copied whole.
    func base(of place: Int, wanted: [Range<UInt64>]) -> OpenReceive.Base? {
        sync?.bases[place].map {
            OpenReceive.Base(
                fileName: $0.file, format: $0.format, wanted: wanted.map { [$0.lowerBound, $0.upperBound] })
        }
    }
}

extension DiskRanges {
    /// The same in parts of so many leaves at most, of `leaf` bytes each.
    func windows(leaves limit: UInt64, leaf: UInt64) -> [DiskRanges] {
        var windows: [DiskRanges] = []
        var current = DiskRanges(disks.map { _ in [] })
        var room = limit
        for (place, ranges) in disks.enumerated() {
            for range in ranges {
                var at = range.lowerBound
                while at < range.upperBound {
                    if room == 0 {
                        windows.append(current)
                        current = DiskRanges(disks.map { _ in [] })
                        room = limit
                    }
                    let end = min(range.upperBound, at + room * leaf)
                    current.disks[place].append(at..<end)
                    room -= (end - at + leaf - 1) / leaf
                    at = end
                }
            }
        }
        if !current.isEmpty { windows.append(current) }
        return windows
    }
}
