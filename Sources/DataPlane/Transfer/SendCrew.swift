import CLinux
import Synchronization

/// The worker threads of one send job.
final class SendCrew: Sendable {
    /// What the workers leave behind.
    struct Outcome: Sendable {
        var failure: TransferError?
        var times = StageTimes()
        var frames: UInt64 = 0
    }

    private let context: SendContext
    private let cancelled: @Sendable () -> Bool
    private let failed = Atomic<Bool>(false)
    private let outcome = Mutex(Outcome())

    init(_ context: SendContext, cancelled: @escaping @Sendable () -> Bool) {
        self.context = context
        self.cancelled = cancelled
    }

    /// Runs one thread per stream and returns when all have ended.
    func run() throws(TransferError) -> Outcome {
        let streams = context.options.streams
        let isCompressing = context.options.compression != .off
        let pool = try BufferPool(count: streams * (isCompressing ? 2 : 1))
        var threads: [WorkerThread] = []
        for stream in 0..<streams {
            do {
                threads.append(
                    try WorkerThread(name: "kc-send-\(stream)") { [self] in work(UInt16(stream), pool) })
            } catch {
                note(TransferError(.resources, error.description, underlying: error))
            }
        }
        for thread in threads { thread.join() }
        return outcome.withLock { $0 }
    }

    private var isStopped: Bool { failed.load(ordering: .relaxed) || cancelled() }

    /// Keeps the first failure and stops the others: what they say after that only follows from it.
    private func note(_ error: TransferError) {
        outcome.withLock { if $0.failure == nil { $0.failure = error } }
        failed.store(true, ordering: .relaxed)
    }

    private func work(_ stream: UInt16, _ pool: BufferPool) {
        do {
            let worker = try makeWorker(stream, pool)
            defer { add(worker) }
            try worker.run()
        } catch {
            note(TransferError(error, stream: stream))
        }
    }

    private func add(_ worker: SendWorker) {
        var times = worker.stageTimes()
        kc_thread_cpu(&times.userCPU, &times.systemCPU)
        outcome.withLock {
            $0.times += times
            $0.frames += worker.frames
        }
    }

    private func makeWorker(_ stream: UInt16, _ pool: BufferPool) throws -> SendWorker {
        let (key, options) = (context.key, context.options)
        let whenEmpty: FanOut.WhenEmpty =
            if let seconds = options.awaitsTargets {
                .wait(UInt64(seconds * 1e9), isExpected: { [context] in !context.runsDry.isSet })
            } else { .fail }
        let maker = LinkMaker(job: context.job, key: key, epoch: options.epoch)
        let fanOut = FanOut(
            stream: stream, inbox: context.inboxes[Int(stream)], options: options.fanOut,
            whenEmpty: whenEmpty, isCancelled: { [self] in isStopped },
            makeLink: maker.link)
        let sealKey = try StreamKey.stream(
            key, salt: context.salt, stream: stream, direction: .forward, epoch: options.epoch)
        let mode = options.compression
        let compressor = mode == .off ? nil : try FrameCompressor(mode: mode, buffer: try pool.lease())
        return try SendWorker(
            context, stream: stream, buffer: try pool.lease(), compressor: compressor,
            sealer: try FrameSealer(key: sealKey), fanOut: fanOut, isCancelled: { [self] in isStopped })
    }
}
