import CLinux
import FoundationEssentials
import Synchronization

/// Takes whole disks over the streams of a sender, writes them, passes them on to children, and, where asked to, reads
/// them back.
///
/// Make it, attach one connection per stream as they come, and call `wait` on a thread of your own. A stream comes from
/// the sender itself or from another receiver that passes it on: the frames are the same.
public final class ReceiveJob: Sendable {
    /// Links of one stream at once: a new one may come before the loss of the old one is noticed, and waits for that.
    private static let mostAttempts = 4

    /// The job's id.
    public let id: UUID
    /// This receiver's salt, which the coordinator hands to the sender. Made anew for each job object.
    public let salt: Salt
    let key: JobKey
    private let disks: ReceiveDisks
    private let verifier: RollingVerifier?
    private let commit: GroupCommit
    let options: ReceiveOptions
    private let pool: BufferPool
    private let cancelled: CancelFlag
    let relays: [Relay]
    let events: Mutex<Events>
    let state: Gate<State>

    struct Events {
        var onLinkLost: (@Sendable (LinkNumber, TransferError) -> Void)?
        var onChildLost: TargetLoss?
        var onChildLag: (@Sendable (String) -> Void)?
    }

    struct State: Sendable {
        var sockets: [LinkNumber: Socket] = [:]
        var threads: [WorkerThread] = []
        var children: [SendTarget] = []
        /// Links that were attached and haven't ended.
        var active = 0
        /// Streams that have ended well.
        var ended: Set<UInt16> = []
        var failure: TransferError?
        var times = StageTimes()
        var isOver = false
    }

    /// - Parameters:
    ///   - id: the job; frames of any other are refused.
    ///   - key: the job's secret, from the coordinator.
    ///   - disks: where each disk goes, by its index in the job.
    ///   - journals: where what is durable of a disk is written down.
    public init(
        id: UUID, key: JobKey, disks: [(index: UInt32, sink: any DiskSink)], options: ReceiveOptions,
        journals: [UInt32: ResumeJournal] = [:]
    ) throws {
        guard (1...64).contains(options.streams) else {
            throw TransferError(.resources, "\(options.streams) streams; use 1 to 64")
        }
        guard Set(disks.map(\.index)).count == disks.count else {
            throw TransferError(.resources, "two disks of the job have the same index")
        }
        self.id = id
        self.key = key
        salt = try Salt.random()
        let load = DiskLoad()
        verifier =
            options.verifyThreads > 0
            ? try RollingVerifier(disks: disks, threads: options.verifyThreads, areDisksBusy: { load.isHigh }) : nil
        commit = GroupCommit(
            disks.map { .init(index: $0.index, sink: $0.sink, journal: journals[$0.index]) }, verifier: verifier,
            options: options)
        self.disks = ReceiveDisks(disks, commit: commit, load: load)
        self.options = options
        pool = try BufferPool(count: options.streams * ReceiveBuffers.count)
        state = Gate(State())
        events = Mutex(Events())
        let stop = CancelFlag()
        let maker = LinkMaker(job: id, key: key, epoch: options.epoch)
        relays = (0..<UInt16(options.streams)).map { stream in
            Relay(stream: stream, maker: maker, options: options.fanOut, isCancelled: { stop.isSet })
        }
        cancelled = stop
    }

    /// `onLink` is called when a link to this receiver is lost, on a job that survives that; `onChild` when a child
    /// that is added later is; `onLag` when such a child is waited for no more. From any thread.
    public func onLost(
        link onLink: @escaping @Sendable (LinkNumber, TransferError) -> Void,
        child onChild: @escaping TargetLoss, lag onLag: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        events.withLock { $0 = Events(onLinkLost: onLink, onChildLost: onChild, onChildLag: onLag) }
    }

    /// Counts ranges of a disk as come and written: an earlier run has left them there. They are made durable, written
    /// down and read back like what comes. Call it before anything comes.
    public func keep(_ ranges: LeafRanges, disk: UInt32) throws(TransferError) {
        do { try disks.keep(ranges, disk: disk) } catch { throw TransferError(.protocolViolation(error), "\(error)") }
    }

    /// Stops receiving, and makes durable what has come. Answers how many bytes of the disks need not come again: whole
    /// units are written down as durable, of others the leaves will be compared. Call it once `wait` has returned or if it
    /// was never called. Blocks.
    public func suspend() throws(TransferError) -> UInt64 {
        cancel()
        let threads = state.update { state in
            defer { state.threads = [] }
            return state.isOver ? [] : state.threads
        }
        for thread in threads { thread.join() }
        try commit.finish()
        try disks.flush()
        return disks.logical
    }

    /// What hasn't come yet of each disk, by its index; at most `limit` ranges of each.
    public func missing(limit: Int) -> [UInt32: [Range<UInt64>]] { disks.missing(limit: limit) }

    /// Links that bring something now.
    public var activeLinks: Int { state.update { $0.active } }

    /// Bytes given to the kernel for children so far.
    public var relayedBytes: UInt64 {
        state.update { $0.children }.reduce(0) { $0 + $1.sent.load(ordering: .relaxed) }
    }

    /// The proof for connections between this receiver and a parent, which is the sender or another receiver.
    public func handshake(parent: Salt) -> Handshake {
        Handshake(job: id, key: key, epoch: options.epoch, sender: parent, receiver: salt)
    }

    /// Starts to receive on a connection that is past its handshake.
    /// - Parameters:
    ///   - link: its number; each may be attached once.
    ///   - sender: the salt of whoever sealed its frames, as the coordinator told it.
    ///   - passesOn: whether children get its frames; not those of another origin than the job's, for they know only
    ///     that one's key.
    public func attach(
        link: LinkNumber, socket: Socket, sender: Salt, passesOn: Bool = true
    ) throws(TransferError) {
        let refusal = state.update { state -> TransferError? in
            if state.isOver || isCancelled { return .cancelled() }
            guard link.stream < UInt16(options.streams), state.sockets[link] == nil,
                options.survivesLostLinks || link.raw < UInt16(options.streams),
                state.active < Self.mostAttempts * options.streams
            else {
                return TransferError(
                    .protocolViolation(.wrongStream(link.raw)),
                    "stream \(link.raw) is attached already or not of this job", stream: link.raw)
            }
            state.sockets[link] = socket
            do {
                let thread = try WorkerThread(name: "kc-recv-\(link.stream)") { [self] in
                    receive(link, socket, sender, passesOn: passesOn)
                }
                state.threads.append(thread)
                state.active += 1
                return nil
            } catch {
                return TransferError(.resources, "\(error)", stream: link.raw, underlying: error)
            }
        }
        if let refusal { throw refusal }
    }

    /// Starts to receive a stream at its first attempt.
    public func attach(stream: UInt16, socket: Socket, sender: Salt) throws(TransferError) {
        try attach(link: LinkNumber(raw: stream), socket: socket, sender: sender)
    }

    /// Ends `wait` soon, from any thread: connections are shut down, and threads stop at their next step.
    public func cancel() {
        cancelled.set()
        verifier?.cancel()
        state.update { state in
            if state.failure == nil { state.failure = .cancelled() }
            state.shutDown()
        }
    }

    /// How far the job is; may be called at any time from any thread.
    public var progress: TransferProgress {
        TransferProgress(
            logicalBytes: disks.logical, totalBytes: disks.total, wireBytes: disks.wire.load(ordering: .relaxed),
            dataBytes: disks.data.load(ordering: .relaxed),
            disks: disks.done.values)
    }

    /// Returns when every stream has ended and every byte of every disk was written, flushed and, where there is a journal,
    /// written down. Blocks; call it once.
    ///
    /// Throws as soon as one stream, or the reading back beside it, fails, after all threads have stopped.
    public func wait() throws(TransferError) -> ReceiveReport {
        do throws(TransferError) {
            // They are this job's own: a strong reference would keep all of it for good.
            if let verifier { try verifier.start { [weak self] in self?.fail($0) } }
            try commit.start { [weak self] in self?.fail($0) }
            do throws(TransferError) {
                try awaitStreams()
            } catch {
                // Whatever came is made durable all the same; the first failure is what counts.
                try? commit.finish()
                throw error
            }
            try commit.finish()
            return ReceiveReport(
                logicalBytes: disks.logical, dataBytes: disks.data.load(ordering: .relaxed),
                zeroBytes: disks.zeros.load(ordering: .relaxed), wireBytes: disks.wire.load(ordering: .relaxed),
                times: state.update { $0.times })
        } catch {
            verifier?.cancel()
            verifier?.join()
            throw error
        }
    }

    /// Returns when everything is flushed and was read back, which began beside `wait` and ends after it. Blocks; call
    /// it once, after `wait`, on a job with `verifyThreads`.
    public func verify() throws(TransferError) -> ReadBackReport {
        guard let verifier else {
            throw TransferError(.resources, "the job was not asked to read back what it writes")
        }
        return try verifier.finish()
    }

    /// How far reading back is; nil on a job without `verifyThreads`. From any thread.
    public var readBack: ReadBackProgress? { verifier?.progress }

    private func awaitStreams() throws(TransferError) {
        let patience = UInt64(max(0, options.linkTimeout) * 1e9)
        var deadline: UInt64? = monotonicNanoseconds() + patience
        while true {
            let isDone = state.wait(until: deadline) { [self] state -> Bool? in
                if state.failure != nil || hasAll(state) { return true }
                // Time counts only while connections are missing. What a lost one would have brought comes by others.
                let isMissing =
                    options.survivesLostLinks
                    ? state.active == 0 : state.ended.count + state.active < options.streams
                return isMissing == (deadline != nil) ? nil : false
            }
            if isDone == true { break }
            if isDone == false {
                deadline = deadline == nil ? monotonicNanoseconds() + patience : nil
            } else {
                fail(
                    TransferError(.stalled, "the sender did not open all of its \(options.streams) connections in time")
                )
            }
        }
        let (threads, sockets) = state.update { state in
            state.isOver = true
            return (state.threads, state.sockets)
        }
        for thread in threads { thread.join() }
        // What has ended well has confirmed that already. A child whose stream has not gets nothing more from here.
        for socket in sockets.values { socket.shutDown() }
        for relay in relays { relay.inbox.close() }
        for child in state.update({ $0.children }) { child.shutDown() }
        if let failure = state.update({ $0.failure }) { throw failure }
        let missing = disks.incomplete
        guard missing.isEmpty else {
            throw TransferError(
                .incomplete, "the sender ended before all of disk \(missing[0]) had come", disk: missing[0])
        }
    }

    private func hasAll(_ state: State) -> Bool {
        options.survivesLostLinks ? disks.isComplete && state.active == 0 : state.ended.count == options.streams
    }

    /// Keeps the first failure.
    private func record(_ error: TransferError) { state.update { if $0.failure == nil { $0.failure = error } } }

    /// Keeps the first failure and stops all streams.
    private func fail(_ error: TransferError) {
        record(error)
        cancelled.set()
        state.update { $0.shutDown() }
    }

    private func receive(_ link: LinkNumber, _ socket: Socket, _ sender: Salt, passesOn: Bool) {
        var times = StageTimes()
        var lost: TransferError?
        do {
            try relays[Int(link.stream)].hold { relay in
                let receiver = try makeStream(link, socket, sender, passesOn ? relay : nil)
                defer {
                    times = receiver.times
                    kc_thread_cpu(&times.userCPU, &times.systemCPU)
                }
                do {
                    try receiver.run()
                } catch {
                    let error = TransferError(error, stream: link.raw)
                    lost = error
                    // For the record first: what the other streams see next only follows from it. They are shut down
                    // last, so that the sender hears the reason before it sees broken connections.
                    if !survives(error) { record(error) }
                    receiver.abandon(error)
                    socket.shutDown()
                }
            }
        } catch {
            lost = TransferError(error, stream: link.raw)
        }
        if let lost, !survives(lost) { fail(lost) }
        state.update { state in
            state.times += times
            state.active -= 1
            if lost == nil { state.ended.insert(link.stream) }
        }
        if let lost, survives(lost) { events.withLock { $0.onLinkLost }?(link, lost) }
    }

    /// Whether a job with other ways to its data goes on. Its own disks are needed in any case.
    private func survives(_ error: TransferError) -> Bool {
        guard options.survivesLostLinks, !isCancelled else { return false }
        switch error.kind {
        case .network, .stalled, .peerAborted, .protocolViolation: return true
        case .cancelled, .source, .sink, .allTargetsFailed, .incomplete, .resources: return false
        }
    }

    private func makeStream(
        _ link: LinkNumber, _ socket: Socket, _ sender: Salt, _ relay: FanOut?
    ) throws -> ReceiveStream {
        let epoch = options.epoch
        let openKey = try StreamKey.stream(key, salt: sender, stream: link.stream, direction: .forward, epoch: epoch)
        let sealKey = try StreamKey.stream(key, salt: salt, stream: link.raw, direction: .backward, epoch: epoch)
        return ReceiveStream(
            socket: socket, link: link, disks: disks, buffers: try ReceiveBuffers(pool), relay: relay,
            opener: try FrameOpener(key: openKey, allowsGaps: options.survivesLostLinks),
            sealer: try FrameSealer(key: sealKey),
            check: FrameCheck(
                job: id, epoch: epoch, stream: link.stream, kinds: [.data, .zero, .end, .abort], sizes: disks.sizes),
            options: options, isCancelled: { [self] in isCancelled })
    }

    /// True once it was cancelled.
    public var isCancelled: Bool { cancelled.isSet }
}

extension ReceiveJob.State {
    fileprivate func shutDown() {
        for socket in sockets.values { socket.shutDown() }
        for child in children { child.shutDown() }
    }
}
