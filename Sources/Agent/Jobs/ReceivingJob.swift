import AgentProtocol
import DataPlane
import FoundationEssentials
import Glibc
import Model
import Synchronization

/// The receiving end of a job: partial files, the streams that fill them, and their way to final names.
final class ReceivingJob: JoinableJob {
    let opened: OpenReceive.Response

    private let parents: PeerTable
    private let children: PeerTable
    /// Direct reads wait for the medium without reading ahead: two keep it and a core busy, and leave the cores to
    /// what still comes.
    private static let readBackThreads = 2

    private struct State {
        var disks: [TargetDisk]
        var isBusy = false
        var isClosed = false
        var isPublished = false
    }

    private let id: HexBytes
    private let key: JobKey
    private let operation: String
    private let transfer: ReceiveJob
    private let emit: @Sendable (AgentEvent) -> Void
    private let state: Gate<State>

    init(_ request: OpenReceive, emit: @escaping @Sendable (AgentEvent) -> Void) throws {
        guard let key = JobKey(request.secret.value.bytes), let uuid = UUID(job: request.job),
            let sender = Salt(request.senderSalt.bytes)
        else {
            throw KVMCloneError(.validation, "the job's id, key or salt has the wrong length")
        }
        let disks = try TargetDisk.make(request)
        var options = ReceiveOptions(streams: request.streams)
        options.idleTimeout = Double(request.stallTimeout)
        options.linkTimeout = Double(request.stallTimeout)
        options.survivesLostLinks = request.inTrees
        options.verifyThreads = request.digests ? Self.readBackThreads : 0
        do {
            let transfer = try ReceiveJob(
                id: uuid, key: key, disks: try disks.map { (UInt32($0.index), try $0.sink) }, options: options,
                journals: Dictionary(
                    disks.compactMap { disk in disk.journal.map { (UInt32(disk.index), $0) } }
                ) { first, _ in first })
            for disk in disks { try transfer.keep(disk.durable, disk: UInt32(disk.index)) }
            self.transfer = transfer
            opened = OpenReceive.Response(
                salt: HexBytes(transfer.salt.bytes), files: try disks.map { try $0.identity },
                kept: request.continues ? disks.map(\.kept) : [])
            // The sender's frames come from it or from another receiver: the pair is with whoever passes them on.
            parents = PeerTable(
                role: .receiver, handshake: { transfer.handshake(parent: $0) },
                complete: { _, salt, joint, links in
                    for (link, socket) in links {
                        try transfer.attach(
                            link: link, socket: socket, sender: joint.isOrigin ? salt : sender,
                            passesOn: !joint.isOrigin)
                    }
                })
            children = PeerTable(
                role: .sender, handshake: { transfer.handshake(child: $0) },
                complete: { child, salt, joint, links in
                    try transfer.addChild(id: child, salt: salt, links: links, terms: TargetTerms(joint))
                })
            let job = request.job
            transfer.onLost(
                link: { emit(.linkLost(LinkLoss(job: job, link: $0.raw, reason: "\($1)"))) },
                child: { emit(.linkLost(LinkLoss(job: job, link: $1.raw, child: $0, reason: "\($2)"))) },
                lag: { emit(.lagging(Lagging(job: job, child: $0))) })
        } catch {
            for disk in disks { disk.discardIfNew() }
            throw error
        }
        id = request.job
        self.key = key
        operation = request.operation
        self.emit = emit
        state = Gate(State(disks: disks))
    }

    func peers(as part: Joint.Part) -> PeerTable { part == .child ? parents : children }

    /// What hasn't come yet.
    func missing() -> Missing.Response {
        let missing = transfer.missing(limit: Missing.limit)
        return Missing.Response(
            disks: state.update { $0.disks }.map { disk in
                (missing[UInt32(disk.index)] ?? []).map { [$0.lowerBound, $0.upperBound] }
            }, activeLinks: transfer.activeLinks)
    }

    /// Keeps parts of the disks' tails, which are the same at the source.
    func keep(_ request: KeepTail) throws {
        let disks = state.update { $0.disks }
        let ranges = try LeafRanges.of(request.disks, sizes: try disks.map { try $0.sink.size })
        for (disk, ranges) in zip(disks, ranges) { try transfer.keep(ranges, disk: UInt32(disk.index)) }
    }

    /// A job that sends ranges which are complete here to another target.
    func repair(_ request: OpenRepair) throws -> RepairJob {
        let disks = try state.update { $0.disks }.map { (UInt32($0.index), try $0.sink.readBack() as any DiskSource) }
        return try RepairJob(request, key: key, disks: disks, options: SendOptions())
    }

    func setRate(_ rate: UInt64?, child: String?) throws(KVMCloneError) {
        guard let child else { throw KVMCloneError(.validation, "a receiving job limits its children by name") }
        transfer.setRate(rate, child: child)
    }

    func drop(peer: String) {
        transfer.drop(child: peer)
        transfer.drop(links: parents.links(with: peer))
    }

    /// Receives everything and makes it durable.
    func run() throws -> Receive.Response {
        let disks = try begin()
        defer { end() }
        let ticker = try Ticker { [self] in reportReceiving() }
        defer { ticker.stop() }
        let report = try transfer.wait()
        parents.close()
        children.close()
        let start = ContinuousClock.now
        for disk in disks { try disk.sink.flush() }
        let flush = start.duration(to: .now) / .nanoseconds(1)
        reportReceiving()
        return Receive.Response(
            wireBytes: report.wireBytes,
            stages: report.times.byName.merging(["flush": UInt64(max(0, flush))]) { $1 })
    }

    /// Reads back what `run` hasn't yet.
    func readBack() throws -> ReadBack.Response {
        _ = try begin()
        defer { end() }
        let ticker = try Ticker { [self] in reportReading() }
        defer { ticker.stop() }
        let read = try transfer.verify()
        reportReading()
        return ReadBack.Response(
            roots: read.roots.map { HexBytes($0.bytes) }, fromMedium: read.medium == .direct,
            stages: read.times.byName)
    }

    /// Reads back some of what was written.
    func readBack(_ request: ReadBackRanges) throws -> ReadBackRanges.Response {
        let disks = try begin()
        defer { end() }
        let ranges = try LeafRanges.of(request.disks, sizes: try disks.map { try $0.sink.size })
        guard ranges.reduce(0, { $0 + $1.leaves }) <= KeptDisk.mostLeaves else {
            throw KVMCloneError(.validation, "too many ranges to read back at once")
        }
        var digests: [HexBytes] = []
        var isFromMedium = true
        for (disk, ranges) in zip(disks, ranges) {
            let source = try disk.sink.readBack()
            digests.append(
                HexBytes(try LeafDigests.of(source, ranges, isCancelled: { [transfer] in transfer.isCancelled })))
            if !ranges.ranges.isEmpty, source.medium != .direct { isFromMedium = false }
        }
        return ReadBackRanges.Response(digests: digests, fromMedium: isFromMedium)
    }

    /// Gives all files their final names. What stands there already is set aside if it may be replaced.
    func publish(_ request: Publish) throws -> Publish.Response {
        let disks = try begin()
        defer { end() }
        // A qcow2 image belongs to its server until that has ended.
        for disk in disks { disk.releaseSink() }
        for rebase in request.rebases {
            guard let disk = disks.first(where: { $0.index == rebase.index }) else {
                throw KVMCloneError(.validation, "there is no disk \(rebase.index) to rebase")
            }
            try disk.rebase(onto: rebase)
        }
        for disk in disks { try disk.publish(replacing: Set(request.replacing), operation: operation) }
        state.update { $0.isPublished = true }
        return Publish.Response(paths: disks.map(\.finalPath))
    }

    /// Removes for good what was set aside.
    func settle() throws {
        for disk in state.update({ $0.disks }) { try disk.settle(operation: operation) }
    }

    func close() throws {
        for disk in stop() {
            disk.releaseSink()
            disk.discard()
        }
    }

    /// Makes durable what has come, and leaves it. Of a job with a disk of which nothing can be kept, nothing is.
    ///
    /// `unpublishing`: whether files that have their final names lose them again. Who can't know whether a VM is defined
    /// with them leaves them.
    func suspend(unpublishing: Bool) throws -> UInt64 {
        let disks = stop()
        guard disks.allSatisfy({ $0.journal != nil }) else {
            for disk in disks {
                disk.releaseSink()
                disk.discard()
            }
            return 0
        }
        // Its disks are released before they get their unfinished names back.
        let kept = try transfer.suspend()
        for disk in disks {
            disk.releaseSink()
            if unpublishing { try disk.unpublish() }
        }
        return kept
    }

    /// Ends the streams, and waits for the step that works with the files.
    private func stop() -> [TargetDisk] {
        transfer.cancel()
        parents.close()
        children.close()
        state.update { $0.isClosed = true }
        return state.wait { $0.isBusy ? nil : $0.disks } ?? []
    }

    /// One step at a time works with the files.
    private func begin() throws(KVMCloneError) -> [TargetDisk] {
        let disks = state.update { state -> [TargetDisk]? in
            guard !state.isBusy, !state.isClosed else { return nil }
            state.isBusy = true
            return state.disks
        }
        guard let disks else { throw KVMCloneError(.cancelled, "the job was closed") }
        return disks
    }

    private func end() {
        state.update { $0.isBusy = false }
    }

    private func reportReceiving() {
        let progress = transfer.progress
        emit(
            .receiving(
                ReceivingProgress(
                    job: id, done: progress.disks, data: progress.dataBytes, wire: progress.wireBytes)))
    }

    private func reportReading() {
        guard let progress = transfer.readBack else { return }
        emit(
            .readingBack(
                ReceivingProgress(
                    job: id, done: progress.disks, data: progress.dataBytes, wire: transfer.progress.wireBytes)))
    }
}
