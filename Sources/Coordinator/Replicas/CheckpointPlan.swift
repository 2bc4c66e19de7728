import Model

/// What a sync of a running VM does with its checkpoints, from which on bitmaps in its disks say what was written.
package struct CheckpointPlan: Sendable, Equatable {
    /// What the names of this project's checkpoints begin with.
    static let prefix = "kvm-clone-"
    /// As many are kept; each costs the guest a little with every write.
    static let most = 8

    /// Whether the source keeps one of the instant that is synced.
    package var isKept: Bool
    /// This project's checkpoints of the VM, oldest first.
    package var known: [String]
    /// The oldest of them that a target's replica was taken at; nil when there is none.
    package var since: String?

    /// - Parameters:
    ///   - source: the VM.
    ///   - targets: with their replicas.
    init?(source: SourceFacts, targets: [ClonePlan.Target], isKept: Bool) {
        guard source.isRunning else { return nil }
        let known = source.record.checkpoints.filter { $0.hasPrefix(Self.prefix) }
        let wanted = Set(targets.compactMap { $0.sync?.current?.checkpoint })
        self.isKept = isKept
        self.known = known
        since = known.first(where: wanted.contains)
    }

    /// Whether what was written since `since` is enough for a replica that was taken at another checkpoint.
    func covers(_ checkpoint: String?) -> Bool {
        guard let since, let checkpoint, let first = known.firstIndex(of: since),
            let own = known.firstIndex(of: checkpoint)
        else { return false }
        return own >= first
    }

    /// The checkpoint of a VM that is shut off whose bitmaps say all that was written since a replica was taken: the newest, and
    /// the replica's. Nil where there is none.
    static func newest(of source: SourceFacts, for target: ClonePlan.Target) -> String? {
        guard !source.isRunning, let name = source.record.checkpoints.last, name.hasPrefix(prefix),
            target.sync?.current?.checkpoint == name
        else { return nil }
        return name
    }

    /// The name of an operation's checkpoint.
    static func name(of operation: OperationID, attempt: Int) -> String {
        attempt == 1 ? "\(prefix)\(operation)" : "\(prefix)\(operation)-\(attempt)"
    }
}

extension ClonePlan.Target {
    /// Says that the source doesn't have the replica's checkpoint any more.
    mutating func noteLost(_ checkpoints: CheckpointPlan) {
        guard let name = sync?.current?.checkpoint, !checkpoints.known.contains(name) else { return }
        findings.append(
            .warning(.sync, "the VM has the checkpoint \(name) no more, and the disks are compared"))
    }
}

extension ClonePlan.File {
    /// Whether a bitmap in its image can say what was written to it, though no VM runs.
    var isShutOffWithBitmaps: Bool { scratchFolder == nil && sourceFormat == "qcow2" && guestView }

    /// Whether bitmaps can say what was written to it.
    var hasBitmaps: Bool { scratchFolder != nil && sourceFormat == "qcow2" }
}
