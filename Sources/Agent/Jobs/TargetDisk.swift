import AgentProtocol
import DataPlane
import Model
import Synchronization

/// One file that is being made: partial, then published.
final class TargetDisk: Sendable {
    let index: UInt16
    let finalPath: String

    /// What is durable of it is written down there; nil when nothing of it can be kept.
    let journal: ResumeJournal?
    /// What an earlier run has left of it.
    let kept: KeptDisk
    /// What of it is durable.
    let durable: LeafRanges

    private let root: PoolRoot
    private let file: TemporaryFile
    private let name: FileName
    private let operation: String
    private let number: Int
    private let writer: Mutex<(any DiskSink)?>
    private let isPublished = Mutex(false)

    /// Makes the partial files of a request, or takes up those that an earlier run has left. When one fails, those that are
    /// new are gone again.
    static func make(_ request: OpenReceive) throws -> [TargetDisk] {
        var disks: [TargetDisk] = []
        // For all disks together: the answer has to fit into a message.
        var room = KeptDisk.mostLeaves
        do {
            for (number, disk) in request.disks.enumerated() {
                let made = try TargetDisk(
                    disk, operation: request.operation, number: number, continues: request.continues, mostLeaves: room)
                disks.append(made)
                room -= UInt64(made.kept.tailDigests.bytes.count / Digest256.size)
            }
            return disks
        } catch {
            for disk in disks { disk.discardIfNew() }
            throw error
        }
    }

    private init(
        _ disk: OpenReceive.Disk, operation: String, number: Int, continues: Bool, mostLeaves: UInt64
    ) throws {
        index = disk.index
        name = try FileName(disk.fileName)
        finalPath = disk.folder + "/" + disk.fileName
        root = try PoolRoot(disk.folder, allowedRoots: [disk.folder])
        self.operation = operation
        self.number = number
        guard ["raw", "qcow2"].contains(disk.format) else {
            throw KVMCloneError(.validation, "format '\(Validation.printable(disk.format))' can't be written")
        }
        let subject = ResumeJournal.Subject(
            operation: operation, number: number, size: disk.size, format: disk.format,
            generation: disk.generation?.bytes ?? [])
        let parts = try Self.parts(
            disk, subject, number: number, continues: continues, mostLeaves: mostLeaves, final: name, in: root)
        file = parts.file
        journal = parts.journal
        durable = parts.durable
        kept = parts.kept
        writer = Mutex(parts.sink)
    }

    private struct Parts {
        var file: TemporaryFile
        var journal: ResumeJournal?
        var durable = LeafRanges()
        var kept = KeptDisk()
        var sink: any DiskSink
    }

    private static func parts(
        _ disk: OpenReceive.Disk, _ subject: ResumeJournal.Subject, number: Int, continues: Bool, mostLeaves: UInt64,
        final: FileName, in root: PoolRoot
    ) throws -> Parts {
        if let base = disk.base { return try overlay(over: base, disk, subject, number: number, in: root) }
        var refusal: String?
        if continues {
            do {
                if let found = try find(subject, isKnown: disk.generation != nil, final: final, in: root) {
                    let sink = try sink(found.file, disk)
                    return Parts(
                        file: found.file, journal: found.journal, durable: found.durable,
                        kept: try describe(sink, found.durable, mostLeaves: mostLeaves), sink: sink)
                }
            } catch let reason as ResumeRefusal {
                refusal = "\(reason)"
                try KeptFile.remove(operation: subject.operation, number: number, in: root)
            }
        }
        let file = try root.createTemporary(operation: subject.operation, number: number)
        do {
            let journal = disk.generation == nil ? nil : try ResumeJournal.create(for: file, subject, in: root)
            return Parts(
                file: file, journal: journal, kept: KeptDisk(refusal: refusal), sink: try sink(file, disk))
        } catch {
            try KeptFile.remove(operation: subject.operation, number: number, in: root)
            throw error
        }
    }

    /// A disk that is changed: only what is wanted is received, into an overlay. What an earlier run has left of that is of
    /// another state, and goes.
    private static func overlay(
        over base: OpenReceive.Base, _ disk: OpenReceive.Disk, _ subject: ResumeJournal.Subject, number: Int,
        in root: PoolRoot
    ) throws -> Parts {
        guard disk.format == "qcow2", base.wanted.count <= OpenReceive.Base.mostRanges else {
            throw KVMCloneError(.validation, "an overlay that isn't qcow2, or too many ranges for it")
        }
        let wanted = try LeafRanges.of([base.wanted], sizes: [disk.size])[0]
        let name = try FileName(base.fileName)
        let chain = try Inspection.chain(
            ImageReference(path: disk.folder + "/" + base.fileName, format: base.format), declared: [],
            roots: [disk.folder])
        guard chain.virtualSize == disk.size else {
            throw KVMCloneError(
                .validation,
                "\(chain.layers[0].path) has \(chain.virtualSize) bytes, its source \(disk.size)")
        }
        try KeptFile.remove(operation: subject.operation, number: number, in: root)
        let file = try root.createTemporary(operation: subject.operation, number: number)
        do {
            let sink = try NBDSink(
                overlay: file, over: name, chain, size: disk.size, export: "disk-\(disk.index)")
            return Parts(file: file, durable: wanted.complement(size: disk.size), sink: sink)
        } catch {
            try KeptFile.remove(operation: subject.operation, number: number, in: root)
            throw error
        }
    }

    private static func find(
        _ subject: ResumeJournal.Subject, isKnown: Bool, final: FileName, in root: PoolRoot
    ) throws -> KeptFile? {
        // What had been published set others aside; whether it can be used or not, they come back now.
        defer { putBack(subject.operation, in: root) }
        guard let found = try KeptFile.find(subject, final: final, in: root) else { return nil }
        guard isKnown else { throw ResumeRefusal.otherGeneration }
        return found
    }

    private static func putBack(_ operation: String, in root: PoolRoot) {
        do { _ = try root.putBack(operation: operation) } catch { complain("a replaced file stays aside: \(error)") }
    }

    private static func sink(_ file: TemporaryFile, _ disk: OpenReceive.Disk) throws -> any DiskSink {
        switch (disk.format, file.isNew) {
        case ("raw", _): try FileSink(file, size: disk.size)
        case (_, true): try NBDSink(newQcow2: file, size: disk.size, export: "disk-\(disk.index)", options: .init())
        case (_, false): try NBDSink(keptQcow2: file, size: disk.size, export: "disk-\(disk.index)")
        }
    }

    /// What the coordinator is told of a file that was left.
    private static func describe(
        _ sink: any DiskSink, _ durable: LeafRanges, mostLeaves: UInt64
    ) throws -> KeptDisk {
        let source = try sink.readBack()
        let tail = try KeptFile.tail(of: source, outside: durable, mostLeaves: mostLeaves)
        return KeptDisk(tail: tail.pairs, tailDigests: HexBytes(try LeafDigests.of(source, tail)))
    }

    /// Where bytes are written to.
    var sink: any DiskSink {
        get throws {
            guard let sink = writer.withLock({ $0 }) else {
                throw KVMCloneError(.validation, "the disk is not being written any more")
            }
            return sink
        }
    }

    /// Which file it is, before and after its publication.
    var identity: AgentProtocol.FileIdentity {
        get throws {
            let found = try file.identity()
            return AgentProtocol.FileIdentity(device: found.device, inode: found.inode)
        }
    }

    /// Ends whatever writes to the file, and whatever has it locked.
    func releaseSink() {
        let sink = writer.withLock { writer in
            defer { writer = nil }
            return writer
        }
        sink?.end()
    }

    func rebase(onto rebase: Publish.Rebase) throws {
        // The file's header is not the source's any more.
        try journal?.revokeBeginning()
        let image = ImageReference(path: rebase.backingFile, format: rebase.backingFormat)
        try QemuImg.rebase(file, onto: try FileName(rebase.backingFile), format: try Inspection.format(of: image))
    }

    func publish(replacing: Set<String>, operation: String) throws {
        if replacing.contains(name.string) { try root.setAside(name, operation: operation) }
        try file.publish(as: name)
        isPublished.withLock { $0 = true }
    }

    /// The copy stands: what was set aside, and what was kept beside it, goes for good.
    func settle(operation: String) throws {
        try root.removeSetAside(operation: operation)
        try root.unmark(name)
        try root.removeJournal(operation: operation, number: number)
    }

    /// Removes the partial file and its journal. A published one stays.
    func discard() {
        guard !isPublished.withLock({ $0 }) else { return }
        do {
            try file.discard()
            try root.removeJournal(operation: operation, number: number)
        } catch {
            complain("a partial file stays: \(error)")
        }
    }

    /// The same for a file that no earlier run has left.
    func discardIfNew() {
        if file.isNew { discard() }
    }

    /// Takes a published file out of its final name again, and puts back what it replaced.
    func unpublish() throws {
        guard isPublished.withLock({ $0 }) else { return }
        try file.unpublish(name)
        _ = try root.putBack(operation: operation)
        isPublished.withLock { $0 = false }
    }
}
