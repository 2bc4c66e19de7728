import CLinux
import FoundationEssentials
import Synchronization

/// Takes whole disks from one sender, writes them, and, where asked to, reads them back.
///
/// Make it, attach one connection per stream as they come, and call `wait` on a thread of your own.
public final class ReceiveJob: Sendable {
    /// The job's id.
    public let id: UUID
    /// This receiver's salt, which the coordinator hands to the sender. Made anew for each job object.
    public let salt: Salt
    private let key: JobKey
    private let disks: ReceiveDisks
    private let verifier: RollingVerifier?
    private let options: ReceiveOptions
    private let pool: BufferPool
    private let cancelled = Atomic<Bool>(false)
    private let state: Gate<State>

    private struct State: Sendable {
        var senderSalt: Salt?
        var sockets: [UInt16: Socket] = [:]
        var threads: [WorkerThread] = []
        var ended = 0
        var failure: TransferError?
        var times = StageTimes()
        var isOver = false
    }

    /// - Parameters:
    ///   - id: the job; frames of any other are refused.
    ///   - key: the job's secret, from the coordinator.
    ///   - disks: where each disk goes, by its index in the job.
    public init(id: UUID, key: JobKey, disks: [(index: UInt32, sink: any DiskSink)], options: ReceiveOptions) throws {
        guard (1...64).contains(options.streams) else {
            throw TransferError(.resources, "\(options.streams) streams; use 1 to 64")
        }
        guard Set(disks.map(\.index)).count == disks.count else {
            throw TransferError(.resources, "two disks of the job have the same index")
        }
        self.id = id
        self.key = key
        salt = try Salt.random()
        verifier = options.verifyThreads > 0 ? try RollingVerifier(disks: disks, threads: options.verifyThreads) : nil
        self.disks = ReceiveDisks(disks, verifier: verifier)
        self.options = options
        pool = try BufferPool(count: options.streams * 2)
        state = Gate(State())
    }

    /// The proof for connections between a sender and this receiver.
    public func handshake(sender: Salt) -> Handshake {
        Handshake(job: id, key: key, epoch: options.epoch, sender: sender, receiver: salt)
    }

    /// Starts to receive on a connection that is past its handshake.
    /// - Parameters:
    ///   - stream: its index; each may be attached once.
    ///   - sender: the sender's salt, as the coordinator told it.
    public func attach(stream: UInt16, socket: Socket, sender: Salt) throws(TransferError) {
        let refusal = state.update { state -> TransferError? in
            if state.isOver || cancelled.load(ordering: .sequentiallyConsistent) { return .cancelled() }
            guard stream < UInt16(options.streams), state.sockets[stream] == nil,
                state.senderSalt == nil || state.senderSalt == sender
            else {
                return TransferError(
                    .protocolViolation(.wrongStream(stream)), "stream \(stream) is attached already or not of this job",
                    stream: stream)
            }
            state.senderSalt = sender
            state.sockets[stream] = socket
            do {
                let thread = try WorkerThread(name: "kc-recv-\(stream)") { [self] in receive(stream, socket, sender) }
                state.threads.append(thread)
                return nil
            } catch {
                return TransferError(.resources, "\(error)", stream: stream, underlying: error)
            }
        }
        if let refusal { throw refusal }
    }

    /// Ends `wait` soon, from any thread: connections are shut down, and threads stop at their next step.
    public func cancel() {
        cancelled.store(true, ordering: .sequentiallyConsistent)
        verifier?.cancel()
        state.update { state in
            if state.failure == nil { state.failure = .cancelled() }
            for socket in state.sockets.values { socket.shutDown() }
        }
    }

    /// How far the job is; may be called at any time from any thread.
    public var progress: TransferProgress {
        TransferProgress(
            logicalBytes: disks.logical, totalBytes: disks.total, wireBytes: disks.wire.load(ordering: .relaxed),
            dataBytes: disks.data.load(ordering: .relaxed),
            disks: disks.done.values)
    }

    /// Returns when every stream has ended and every byte of every disk was written, but perhaps not flushed. Blocks;
    /// call it once.
    ///
    /// Throws as soon as one stream, or the reading back beside it, fails, after all threads have stopped.
    public func wait() throws(TransferError) -> ReceiveReport {
        do {
            if let verifier { try verifier.start { [self] in fail($0) } }
            try awaitStreams()
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
        let patience = UInt64(max(0, options.idleTimeout) * 1e9)
        var deadline: UInt64? = monotonicNanoseconds() + patience
        while true {
            let isDone = state.wait(until: deadline) { [streams = options.streams] state -> Bool? in
                if state.failure != nil || state.ended == streams { return true }
                return deadline != nil && state.sockets.count == streams ? false : nil
            }
            if isDone == true { break }
            if isDone == false {
                deadline = nil
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
        // What has ended well has confirmed that already.
        for socket in sockets.values { socket.shutDown() }
        if let failure = state.update({ $0.failure }) { throw failure }
        let missing = disks.incomplete
        guard missing.isEmpty else {
            throw TransferError(
                .incomplete, "the sender ended before all of disk \(missing[0]) had come", disk: missing[0])
        }
    }

    /// Keeps the first failure.
    private func record(_ error: TransferError) { state.update { if $0.failure == nil { $0.failure = error } } }

    /// Keeps the first failure and stops all streams.
    private func fail(_ error: TransferError) {
        record(error)
        cancelled.store(true, ordering: .sequentiallyConsistent)
        state.update { state in for socket in state.sockets.values { socket.shutDown() } }
    }

    private func receive(_ stream: UInt16, _ socket: Socket, _ sender: Salt) {
        var times = StageTimes()
        do {
            let receiver = try makeStream(stream, socket, sender)
            do {
                try receiver.run()
            } catch {
                let error = TransferError(error, stream: stream)
                // For the record first: what the other streams see next only follows from it. They are shut down last,
                // so that the sender hears the reason before it sees broken connections.
                record(error)
                receiver.abandon(error)
                fail(error)
            }
            times = receiver.times
            kc_thread_cpu(&times.userCPU, &times.systemCPU)
        } catch {
            fail(TransferError(error, stream: stream))
        }
        state.update { state in
            state.times += times
            state.ended += 1
        }
    }

    private func makeStream(_ stream: UInt16, _ socket: Socket, _ sender: Salt) throws -> ReceiveStream {
        let epoch = options.epoch
        let openKey = try StreamKey.stream(key, salt: sender, stream: stream, direction: .forward, epoch: epoch)
        let sealKey = try StreamKey.stream(key, salt: salt, stream: stream, direction: .backward, epoch: epoch)
        return ReceiveStream(
            socket: socket, disks: disks, frame: try pool.lease(), plain: try pool.lease(),
            opener: try FrameOpener(key: openKey), sealer: try FrameSealer(key: sealKey),
            check: FrameCheck(
                job: id, epoch: epoch, stream: stream, kinds: [.data, .zero, .end, .abort], sizes: disks.sizes),
            options: options, isCancelled: { [self] in cancelled.load(ordering: .relaxed) })
    }
}
