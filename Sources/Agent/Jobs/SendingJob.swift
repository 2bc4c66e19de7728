import AgentProtocol
import DataPlane
import FoundationEssentials
import Glibc
import Model
import Synchronization

/// The sending end of a job: its disks, opened and locked, and the streams to its targets.
final class SendingJob: JoinableJob {
    let opened: OpenSend.Response

    private let peers: PeerTable
    /// Seconds until a stream that has lost its targets does without. A target that comes later is repaired.
    private static let patience = 15.0

    private let id: HexBytes
    private let transfer: SendJob
    private let sources: [any DiskSource]
    private let locks: Mutex<[ImageLock]>
    private let emit: @Sendable (AgentEvent) -> Void
    private let digests: Bool
    private let inTrees: Bool
    private let key: JobKey
    private let indexes: [UInt32]
    /// The bitmap that each disk was opened with.
    private let bitmaps: [String?]
    private let options: SendOptions
    /// How many requests work with the disks.
    private let isRunning = Gate(0)

    private let logs: DigestLogs?

    /// `logs`: where digests are kept for a later run.
    init(_ request: OpenSend, logs folder: String, emit: @escaping @Sendable (AgentEvent) -> Void) throws {
        guard let key = JobKey(request.secret.value.bytes), let uuid = UUID(job: request.job) else {
            throw KVMCloneError(.validation, "the job's id or key has the wrong length")
        }
        guard FileName.isOperation(request.operation) else {
            throw KVMCloneError(.validation, "'\(Validation.printable(request.operation))' is no operation's id")
        }
        let disks = try request.disks.map {
            try SourceOpening.open($0, operation: request.operation, roots: request.roots)
        }
        var options = SendOptions(streams: request.streams)
        options.verify = request.digests
        options.compression = CompressionMode(request.compression)
        options.stallTimeout = Double(request.stallTimeout)
        options.frameSize = request.frameSize
        options.awaitsTargets = request.inTrees ? Self.patience : nil
        options.limiter = RateLimiter(bytesPerSecond: request.bandwidthLimit)
        logs = request.digests ? DigestLogs(folder: folder, operation: request.operation) : nil
        let transfer = try SendJob(
            id: uuid, key: key, disks: zip(request.disks, disks).map { (UInt32($0.index), $1.source) },
            options: options, logs: logs?.open(zip(request.disks, disks).map { ($0.index, $1) }) ?? [])
        id = request.job
        digests = request.digests
        inTrees = request.inTrees
        self.key = key
        indexes = request.disks.map { UInt32($0.index) }
        bitmaps = request.disks.map(\.bitmap)
        self.options = options
        sources = disks.map(\.source)
        locks = Mutex(disks.flatMap(\.locks))
        self.transfer = transfer
        self.emit = emit
        opened = OpenSend.Response(
            salt: HexBytes(transfer.salt.bytes), sizes: disks.map(\.source.size),
            generations: disks.map { $0.generation.map { HexBytes($0) } })
        peers = PeerTable(
            role: .sender, handshake: { transfer.handshake(receiver: $0) },
            complete: { peer, salt, joint, links in
                try transfer.addTarget(id: peer, salt: salt, links: links, terms: TargetTerms(joint))
            })
        let job = request.job
        transfer.onLag { emit(.lagging(Lagging(job: job, child: $0))) }
        transfer.onLost { emit(.linkLost(LinkLoss(job: job, link: $1.raw, child: $0, reason: "\($2)"))) }
    }

    func peers(as part: Joint.Part) throws(KVMCloneError) -> PeerTable {
        guard part == .parent else { throw KVMCloneError(.validation, "the source of a job is nobody's child") }
        return peers
    }

    /// Sends to all joined targets.
    func run(_ request: Send) throws -> Send.Response {
        isRunning.update { $0 += 1 }
        defer { isRunning.update { $0 -= 1 } }
        // Whoever was still to come is too late, unless lost targets are replaced.
        if !inTrees { peers.close() }
        let ticker = try Ticker { [self] in report() }
        defer { ticker.stop() }
        let ranges = try request.ranges.map { try LeafRanges.of($0, sizes: sources.map(\.size)) }
        let sent = try transfer.run(ranges)
        for source in sources { try source.checkUnchanged() }
        report()
        return Send.Response(
            roots: digests ? sent.disks.map { HexBytes($0.root?.bytes ?? []) } : nil,
            targets: sent.targets.map {
                Send.Target(peer: $0.id, wireBytes: $0.wireBytes, failure: $0.failure.map { "\($0)" })
            }, stages: sent.times.byName, dataBytes: sent.dataBytes, hashedBytes: sent.hashedBytes,
            knownBytes: sent.knownBytes)
    }

    /// Which parts of targets' tails are the same here.
    func compare(_ request: CompareTail) throws -> CompareTail.Response {
        let ranges = try LeafRanges.of(request.disks, sizes: sources.map(\.size))
        guard request.digests.count == ranges.count,
            ranges.reduce(0, { $0 + $1.leaves }) <= KeptDisk.mostLeaves,
            zip(request.digests, ranges).allSatisfy({ $0.bytes.count == Int($1.leaves) * Digest256.size })
        else {
            throw KVMCloneError(.validation, "digests that don't belong to the ranges, or too many")
        }
        isRunning.update { $0 += 1 }
        defer { isRunning.update { $0 -= 1 } }
        return CompareTail.Response(
            same: try ranges.indices.map { place in
                try LeafDigests.same(
                    sources[place], ranges[place], as: request.digests[place].bytes,
                    isCancelled: { [transfer] in transfer.isCancelled }
                ).pairs
            })
    }

    /// What was written to a disk since its checkpoint.
    func dirty(_ request: ListDirty) throws -> ListDirty.Response {
        guard sources.indices.contains(request.disk), let bitmap = bitmaps[request.disk],
            let source = sources[request.disk] as? NBDSource, request.from <= source.size
        else {
            throw KVMCloneError(.validation, "there is no disk \(request.disk) with a bitmap")
        }
        isRunning.update { $0 += 1 }
        defer { isRunning.update { $0 -= 1 } }
        let (ranges, end) = try source.dirty(
            in: request.from..<source.size, bitmap: bitmap, limit: ListDirty.limit)
        return ListDirty.Response(ranges: ranges.pairs, end: end)
    }

    /// A job that sends some ranges again, to one target.
    func repair(_ request: OpenRepair) throws -> RepairJob {
        try RepairJob(request, key: key, disks: zip(indexes, sources).map { ($0, $1) }, options: options)
    }

    func setRate(_ rate: UInt64?, child: String?) { transfer.setRate(rate, target: child) }

    func drop(peer: String) { transfer.drop(target: peer) }

    /// Every target has all of it, or has failed.
    func runDry() { transfer.runDry() }

    func close() {
        end()
        logs?.remove(indexes)
    }

    /// What is known of the disks stays.
    func suspend(unpublishing: Bool) -> UInt64 {
        end()
        return 0
    }

    private func end() {
        transfer.cancel()
        peers.close()
        _ = isRunning.wait { $0 > 0 ? nil : true }
        locks.withLock { $0 = [] }
    }

    private func report() {
        let progress = transfer.progress
        emit(
            .sending(
                SendingProgress(
                    job: id, done: [progress.logicalBytes], data: progress.dataBytes,
                    wire: ["": progress.wireBytes])))
    }
}

extension UUID {
    /// A job's 16 bytes.
    init?(job: HexBytes) {
        guard job.bytes.count == 16 else { return nil }
        self = job.bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
}

extension TargetTerms {
    init(_ joint: Joint) {
        self.init(mayLag: joint.mayLag, due: joint.due, patience: joint.patience, rate: joint.rate)
    }
}

extension CompressionMode {
    init(_ choice: OpenSend.Compression) {
        switch choice {
        case .auto: self = .auto
        case .on: self = .zstd(level: 1)
        case .off: self = .off
        }
    }
}
