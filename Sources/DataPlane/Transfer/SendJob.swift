import FoundationEssentials
import Synchronization

/// Sends whole disks to any number of targets: read, hashed, compressed and sealed once for all of them.
///
/// Make it, add the targets, then call `run` once, on a thread of your own.
public final class SendJob: Sendable {
    /// The job's id.
    public let id: UUID
    /// This sender's salt, which the coordinator hands to the receivers. Made anew for each job object.
    public let salt: Salt
    private let key: JobKey
    private let indexes: [UInt32]
    private let sources: [any DiskSource]
    private let logs: [UnitDigestLog?]
    private let plan = Mutex(Plan())
    private let options: SendOptions
    private let targets = Mutex<[SendTarget]>([])
    private let inboxes: [LinkInbox]
    private let runsDry = CancelFlag()
    private let events = Mutex(Events())
    private let counters = SendCounters()
    private let cancelled = Atomic<Bool>(false)
    private let started = Atomic<Bool>(false)

    /// What is sent, what is only read, and what needn't be.
    private struct Plan {
        var sent: [DiskPart] = []
        var read: [DiskPart] = []
        var known: UInt64 = 0
        var sentBytes: UInt64 = 0
    }

    private struct Events {
        var onLost: TargetLoss?
        var onLag: (@Sendable (String) -> Void)?
    }

    /// - Parameters:
    ///   - id: names the job in every frame.
    ///   - key: the job's secret, from the coordinator.
    ///   - disks: what to send; indexes name the disks in frames and must differ.
    ///   - logs: where each disk's unit digests are kept for a later run, in the disks' order; empty for nowhere.
    public init(
        id: UUID, key: JobKey, disks: [(index: UInt32, source: any DiskSource)], options: SendOptions,
        logs: [UnitDigestLog?] = []
    ) throws {
        self.id = id
        salt = try Salt.random()
        self.key = key
        indexes = disks.map(\.index)
        sources = disks.map(\.source)
        self.options = options
        self.logs = disks.indices.map { logs.indices.contains($0) ? logs[$0] : nil }
        inboxes = (0..<max(0, min(options.streams, LinkNumber.streams))).map { _ in LinkInbox() }
        guard Set(indexes).count == indexes.count else {
            throw TransferError(.resources, "two disks of the job have the same index")
        }
        guard (1...64).contains(options.streams) else {
            throw TransferError(.resources, "\(options.streams) streams; use 1 to 64")
        }
        let frame = options.frameSize
        guard frame > 0, frame <= Geometry.maxFrame, frame % Geometry.leaf == 0 else {
            throw TransferError(.resources, "a frame of \(frame) bytes; use a multiple of 65536 up to 1048576")
        }
        guard options.window >= 4 << 20 else {
            throw TransferError(.resources, "a window of \(options.window) bytes; use at least 4 MiB")
        }
    }

    /// The proof for connections between this sender and a receiver.
    public func handshake(receiver: Salt) -> Handshake {
        Handshake(job: id, key: key, epoch: options.epoch, sender: salt, receiver: receiver)
    }

    /// Adds a target with a connection for every stream.
    /// - Parameters:
    ///   - id: names the target in reports.
    ///   - salt: the receiver's, as the coordinator told it.
    ///   - sockets: by stream index, past their handshakes.
    public func addTarget(id: String, salt: Salt, sockets: [Socket]) throws(TransferError) {
        guard sockets.count == options.streams else {
            throw TransferError(.resources, "\(sockets.count) connections to \(id) for \(options.streams) streams")
        }
        let links = sockets.indices.compactMap { LinkNumber(stream: $0) }
        try addTarget(id: id, salt: salt, links: Array(zip(links, sockets)))
    }

    /// Adds a target for some streams, before or while the job runs: it gets what is sent from then on. Throws when
    /// one of the streams has ended.
    public func addTarget(
        id: String, salt: Salt, links: [(LinkNumber, Socket)], terms: TargetTerms = TargetTerms()
    ) throws(TransferError) {
        let events = events.withLock { $0 }
        let target = SendTarget(
            id: id, salt: salt, links: links, terms: terms, earlier: targets.withLock { $0 },
            onLost: events.onLost, onLag: events.onLag)
        for (link, socket) in links {
            guard Int(link.stream) < inboxes.count,
                inboxes[Int(link.stream)].offer(LinkOffer(target: target, link: link, socket: socket))
            else {
                target.shutDown()
                throw TransferError(.resources, "stream \(link.stream) has ended, or there is none", stream: link.raw)
            }
        }
        targets.withLock { $0.append(target) }
        if cancelled.load(ordering: .sequentiallyConsistent) { shutDownAll() }
    }

    /// `body` is called, from any thread and once for each target that is added later, when the target is lost.
    public func onLost(_ body: @escaping TargetLoss) {
        events.withLock { $0.onLost = body }
    }

    /// `body` is called with a target's id, from any thread and once for each target that is added later, when one of
    /// its streams stops waiting for it.
    public func onLag(_ body: @escaping @Sendable (String) -> Void) {
        events.withLock { $0.onLag = body }
    }

    /// Ends all that is sent to a target, as if it had broken.
    public func drop(target: String) {
        for one in targets.withLock({ $0 }) where one.id == target { one.fail(SendTarget.droppedByOrder) }
    }

    /// Limits what a target is sent, or all of them together where none is named; nil for no limit. A target that
    /// isn't there has no limit to change.
    public func setRate(_ bytesPerSecond: UInt64?, target: String?) {
        guard let target else {
            options.limiter?.setRate(bytesPerSecond)
            return
        }
        for one in targets.withLock({ $0 }) where one.id == target { one.limiter.setRate(bytesPerSecond) }
    }

    /// Tells that no more targets come: streams that have none any more only read and hash what is left.
    public func runDry() { runsDry.set() }

    /// Ends `run` soon, from any thread: connections are shut down, and the workers stop at their next step.
    public func cancel() {
        cancelled.store(true, ordering: .sequentiallyConsistent)
        shutDownAll()
    }

    private func shutDownAll() { for target in targets.withLock({ $0 }) { target.shutDown() } }

    /// How far the job is; may be called at any time from any thread.
    public var progress: TransferProgress {
        TransferProgress(
            logicalBytes: counters.logical, totalBytes: totalBytes,
            wireBytes: targets.withLock { $0 }.reduce(0) { $0 + $1.sent.load(ordering: .relaxed) },
            dataBytes: counters.data.load(ordering: .relaxed), disks: [])
    }

    /// Sends everything and returns when each target has confirmed all of it or was dropped. Blocks; call it once.
    ///
    /// `ranges`: what to send of each disk, in the disks' order; nil for all of it. Roots are of whole disks in any case:
    /// once everything is sent, the rest is read for its digests, but for units that a log knows.
    ///
    /// Throws when the job was cancelled, a source failed or changed, or no target is left. A target that failed beside
    /// others that didn't is in the report.
    public func run(_ ranges: [LeafRanges]? = nil) throws(TransferError) -> SendReport {
        guard !started.exchange(true, ordering: .sequentiallyConsistent) else {
            // A second run would use the same nonces again.
            throw TransferError(.resources, "a send job runs once; make a new one")
        }
        guard options.awaitsTargets != nil || !targets.withLock({ $0.isEmpty }) else {
            throw TransferError(.allTargetsFailed, "the job has no target")
        }
        defer {
            // Whoever comes from now on would wait for a thread that is gone.
            for inbox in inboxes { inbox.close() }
            shutDownAll()
        }
        let roots =
            options.verify ? try wrapping { () throws(CryptoError) in try RootHasher(sizes: sources.map(\.size)) } : nil
        let plan = try plan(ranges, roots)
        self.plan.withLock { $0 = plan }
        let crew = SendCrew(
            SendContext(
                job: id, key: key, salt: salt, queue: WorkQueue(plan.sent), rest: WorkQueue(plan.read), roots: roots,
                logs: logs, counters: counters, runsDry: runsDry, inboxes: inboxes, options: options),
            cancelled: { [cancelled = self] in cancelled.isCancelled })
        let outcome = try crew.run()
        if isCancelled { throw .cancelled() }
        let targets = targets.withLock { $0 }
        if let failure = outcome.failure { throw failure.kind == .allTargetsFailed ? Self.allFailed(targets) : failure }
        for (index, source) in zip(indexes, sources) {
            do { try source.checkUnchanged() } catch { throw .source(index, error) }
        }
        return try report(targets, roots, outcome)
    }

    private func plan(_ ranges: [LeafRanges]?, _ roots: RootHasher?) throws(TransferError) -> Plan {
        var plan = Plan()
        guard let ranges else {
            plan.sent = DiskPart.whole(sources, indexes: indexes)
            plan.sentBytes = sources.reduce(0) { $0 + $1.size }
            return plan
        }
        guard ranges.count == sources.count else {
            throw TransferError(.resources, "ranges of \(ranges.count) disks for \(sources.count)")
        }
        plan.sentBytes = ranges.reduce(0) { $0 + $1.bytes }
        guard let roots else {
            plan.sent = DiskPart.parts(sources, indexes: indexes, ranges: ranges)
            return plan
        }
        plan.sent = DiskPart.units(sources, indexes: indexes, covering: ranges)
        var known: [Set<UInt64>] = []
        for (place, source) in sources.enumerated() {
            let sent = ranges[place].units(size: source.size)
            var units: Set<UInt64> = []
            for (unit, digest) in logs[place]?.known ?? [:] {
                let start = unit * Geometry.unit64
                guard !sent.contains(where: { $0.contains(start) }) else { continue }
                units.insert(unit)
                plan.known += min(Geometry.unit64, source.size - start)
                try wrapping { () throws(CryptoError) in try roots.add(disk: place, unit: unit, digest) }
            }
            known.append(units)
        }
        plan.read = DiskPart.units(sources, indexes: indexes, outside: ranges, known: known)
        return plan
    }

    private var totalBytes: UInt64 {
        plan.withLock { plan in
            started.load(ordering: .relaxed) ? plan.sentBytes : sources.reduce(0) { $0 + $1.size }
        }
    }

    /// True once `cancel` was called.
    public var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    private static func allFailed(_ targets: [SendTarget]) -> TransferError {
        let reasons = targets.map { "\($0.id): \($0.failure?.description ?? "unknown")" }
        return TransferError(
            .allTargetsFailed, "every target failed: " + reasons.joined(separator: "; "),
            underlying: targets.first?.failure)
    }

    private func report(
        _ targets: [SendTarget], _ roots: RootHasher?, _ outcome: SendCrew.Outcome
    ) throws(TransferError) -> SendReport {
        let digests = try wrapping { () throws(CryptoError) in try roots?.finish() }
        let disks = indexes.indices.map { i in
            SendReport.Disk(index: indexes[i], size: sources[i].size, root: digests.map { $0[i] } ?? nil)
        }
        let expected = totalBytes
        guard counters.logical == expected, !options.verify || disks.allSatisfy({ $0.root != nil }) else {
            throw TransferError(.incomplete, "\(counters.logical) of \(expected) bytes were sent")
        }
        return SendReport(
            disks: disks,
            targets: targets.map {
                .init(id: $0.id, wireBytes: $0.sent.load(ordering: .relaxed), failure: $0.failure)
            },
            logicalBytes: counters.logical, hashedBytes: counters.hashed.load(ordering: .relaxed),
            knownBytes: plan.withLock { $0.known }, dataBytes: counters.data.load(ordering: .relaxed),
            zeroBytes: counters.zeros.load(ordering: .relaxed), frames: outcome.frames, times: outcome.times)
    }

    private func wrapping<R>(_ body: () throws(CryptoError) -> R) throws(TransferError) -> R {
        do { return try body() } catch { throw TransferError(.resources, error.description, underlying: error) }
    }
}
