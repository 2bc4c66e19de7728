import AgentProtocol
import Model

/// What a sync makes of what is on a target.
package struct SyncPlan: Sendable, Equatable {
    /// The replica that is there; nil before the first sync.
    package var current: ReplicaRecord?
    /// The replica afterwards. Which operation made it, and when, its run adds.
    package var next: ReplicaRecord
    /// What each of the plan's files is changed from, in their order; nil for those that are copied whole.
    package var bases: [ReplicaRecord.Disk?]

    /// What its record's file says now: a VM that is defined has none.
    var recorded: ReplicaRecord? { current?.definition == nil ? current?.merged : nil }

    /// True when only what has changed is sent.
    package var isDelta: Bool { current != nil }

    /// The record of the new generation, whose overlays are still to be merged.
    func record(files: [ClonePlan.File], names: [String], operation: OperationID, taken: String) -> ReplicaRecord {
        var record = next
        record.operation = operation.description
        record.taken = taken
        for (place, file) in files.enumerated() where bases[place] != nil {
            guard let disk = record.disks.firstIndex(where: { $0.target == file.disk }) else { continue }
            record.disks[disk].overlay = names[place]
        }
        return record
    }
}

extension ClonePlan.Target {
    /// What becomes of the replica there, in a sentence; nil for a copy that is a VM of its own.
    public var replicaNote: String? {
        guard let sync else { return nil }
        guard let current = sync.current else { return "a new replica, which isn't defined" }
        if current.definition != nil {
            return "a VM that is shut off: what differs is found, and sent; it stays defined"
        }
        return "replica of generation \(current.generation), taken \(current.taken): what differs is found, and sent"
    }
}

extension ReplicaRecord {
    /// The same once everything is merged.
    var merged: ReplicaRecord {
        var record = self
        for place in record.disks.indices { record.disks[place].overlay = nil }
        record.retired = []
        return record
    }
}

extension CopyOperation {
    /// Whether targets have parts of their copies already, so that the source is told what to send.
    var sendsRanges: Bool { attempt.continues || hasDeltas }

    /// Whether a target gets only what has changed.
    var hasDeltas: Bool { plan.targets.contains { $0.sync?.isDelta ?? false } }

    /// Whether the source reads all of its disks for their digests. A target that gets only what has changed compares that.
    var wantsRoots: Bool { options.verify && !plan.targets.allSatisfy { $0.sync?.isDelta ?? false } }

    /// The job in which disks are compared before changes are sent.
    var comparisonJob: HexBytes { job.part(0xff) }
}
