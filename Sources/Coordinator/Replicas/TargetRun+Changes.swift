import AgentProtocol
import Model

extension TargetRun {
    /// What a replica lacks.
    struct FoundChanges: Sendable {
        var ranges: DiskRanges
        /// False when bitmaps told some of it, which is a hint, and no proof.
        var areCompared: Bool
    }

    /// Finds out what a replica lacks. Nil where there is none: all of it is to come.
    func findChanges() async throws(KVMCloneError) -> FoundChanges? {
        guard let sync = target.sync, let current = sync.current else { return nil }
        if current.needsMerge {
            // An earlier run has switched to it, and could not merge it.
            _ = try await driver.call(MergeReplica(folder: target.folder, replica: target.newName))
        }
        enter(.comparing)
        let files = operation.plan.files
        let whole = files.indices.filter { sync.bases[$0] == nil }
        let hasBitmaps = backup?.since != nil && operation.plan.checkpoints?.covers(current.checkpoint) ?? false
        let isMarked = operation.plan.writtenSince != nil && operation.plan.writtenSince == current.checkpoint
        let marked = files.indices.filter {
            sync.bases[$0] != nil
                && (hasBitmaps && files[$0].hasBitmaps || isMarked && files[$0].isShutOffWithBitmaps)
        }
        let compared = files.indices.filter { sync.bases[$0] != nil && !marked.contains($0) }
        let limit = OpenReceive.Base.mostRanges / max(1, marked.count + compared.count)
        var found = DiskRanges(files.map { _ in [] })
        for disk in whole where source.sizes[disk] > 0 { found.disks[disk] = [0..<source.sizes[disk]] }
        for disk in marked { found.disks[disk] = try await dirtyRanges(of: disk, limit: limit) }
        tracker.found(changed: found.bytes, host: host)
        if !compared.isEmpty {
            try await compare(compared, with: current.merged, limit: limit, into: &found)
        }
        return FoundChanges(ranges: found, areCompared: marked.isEmpty)
    }

    /// What was written to a disk since the checkpoint.
    private func dirtyRanges(of disk: Int, limit: Int) async throws(KVMCloneError) -> [Range<UInt64>] {
        var collector = RangeCollector(limit: limit)
        var at: UInt64 = 0
        while at < source.sizes[disk] {
            let answer = try await operation.source.call(ListDirty(job: operation.job, disk: disk, from: at))
            guard answer.end > at, let ranges = DiskRanges(pairs: [answer.ranges])?.disks[0],
                ranges.allSatisfy({ $0.upperBound <= source.sizes[disk] })
            else {
                throw KVMCloneError(
                    .connection, "the agent's list of what was written makes no sense", host: operation.source.name)
            }
            for range in ranges {
                // The last leaf of one answer may be the first of the next.
                let start = max(range.lowerBound, collector.ranges.last?.upperBound ?? 0)
                if start < range.upperBound { collector.add(start..<range.upperBound) }
            }
            at = answer.end
        }
        return collector.finish()
    }

    /// Compares disks of a replica with those of the source, and adds what differs.
    private func compare(
        _ disks: [Int], with record: ReplicaRecord, limit: Int, into found: inout DiskRanges
    ) async throws(KVMCloneError) {
        let files = operation.plan.files
        let replica = Replica(folder: target.folder, record: record)
        let copies = replica.files(like: disks.map { files[$0] }).compactMap { $0 }
        guard copies.count == disks.count else {
            throw KVMCloneError(.sync, "the replica's disks aren't those that were planned with", host: host)
        }
        let copy = try await ComparisonOpening(operation: operation, ledger: ledger).open(
            copies, of: target.newName, on: driver)
        // A start before the locks were held would have gone unseen.
        if let definition = record.definition { _ = try await expectStopped(definition) }
        let comparison = WindowComparison(source: digests, copy: copy)
        let progress = ComparisonProgress(files: files, tracker: tracker, host: host)
        var changed = found.bytes
        for (place, disk) in disks.enumerated() {
            var collector = RangeCollector(limit: limit)
            _ = try await comparison.compare(
                (disk, place), named: files[disk].disk,
                differs: { range in
                    collector.add(range)
                    changed += UInt64(range.count)
                    tracker.found(changed: changed, host: host)
                }, note: { progress.note(disk: disk, done: $0, read: $1) })
            found.disks[disk] = collector.finish()
        }
        tracker.found(changed: found.bytes, host: host)
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
