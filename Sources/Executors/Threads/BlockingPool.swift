import Synchronization

/// Runs blocking calls on threads of its own and hands back their result to async code.
///
/// The pool starts a thread when all others are busy, up to a limit; beyond it calls wait in order. A thread that had
/// nothing to do for a while ends. A call must not wait for another call of the same pool: with all threads taken
/// neither would go on.
public final class BlockingPool: Sendable {
    /// A pool for calls that are short or rare: file metadata, child processes, name resolution.
    public static let shared = BlockingPool(name: "blocking", maximumThreads: 32)

    private let core: PoolCore

    /// A pool that has no thread yet.
    ///
    /// - Parameters:
    ///   - name: The name of its threads.
    ///   - maximumThreads: At least 1.
    ///   - idleLimit: How long a thread waits for its next call before it ends.
    public init(name: String, maximumThreads: Int, idleLimit: Duration = .seconds(10)) {
        precondition(maximumThreads > 0, "a pool needs a thread")
        core = PoolCore(name: name, maximumThreads: maximumThreads, idleLimit: idleLimit)
    }

    deinit {
        core.close()
    }

    /// Runs `body` on a thread of the pool and returns what it returns or throws what it throws.
    ///
    /// - Parameters:
    ///   - onCancel: Called at once, on any thread, when the calling task is cancelled. It should make the blocking
    ///     call return: shut a socket down, write to a wake-up pipe. `run` itself returns only when `body` has, so
    ///     nothing that `body` uses is freed too early. It must not block. A body that was still waiting for a
    ///     thread runs after it, and finds what it broke.
    ///   - body: The blocking call.
    public func run<Value: Sendable, Failure: Error>(
        onCancel: @escaping @Sendable () -> Void = {},
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let core = core
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, Failure>, Never>) in
                core.submit {
                    let result: Result<Value, Failure>
                    do throws(Failure) {
                        result = .success(try body())
                    } catch {
                        result = .failure(error)
                    }
                    continuation.resume(returning: result)
                }
            }
        } onCancel: {
            onCancel()
        }
        return try result.get()
    }

    /// How many threads the pool has now.
    public var threadCount: Int { core.threadCount }
}

private final class PoolCore: Sendable {
    typealias Call = @Sendable () -> Void

    private struct State {
        var calls = FIFO<Call>()
        var threads = 0
        var idle = 0
        var isClosed = false
    }

    private let name: String
    private let maximumThreads: Int
    private let idleLimit: Duration
    private let state = Mutex(State())
    private let signal = WorkSignal()

    init(name: String, maximumThreads: Int, idleLimit: Duration) {
        self.name = name
        self.maximumThreads = maximumThreads
        self.idleLimit = idleLimit
    }

    var threadCount: Int { state.withLock { $0.threads } }

    func submit(_ call: @escaping Call) {
        let needsThread = state.withLock { state in
            state.calls.append(call)
            guard state.calls.count > state.idle, state.threads < maximumThreads else { return false }
            state.threads += 1
            return true
        }
        signal.post()
        if needsThread { startThread() }
    }

    /// Lets idle threads end now. Calls that wait still run.
    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            return state.threads
        }
        for _ in 0..<idle { signal.post() }
    }

    private func startThread() {
        do {
            try OSThread.start(name: name) { self.serve() }
        } catch {
            let remaining = state.withLock { state in
                state.threads -= 1
                return state.threads
            }
            // With a thread left the call waits for it; with none it would wait for ever.
            if remaining == 0 { fatalError("\(error)") }
        }
    }

    private func serve() {
        while let call = next() { call() }
    }

    private func next() -> Call? {
        state.withLock { $0.idle += 1 }
        while true {
            let hasSignal = signal.wait(atMost: idleLimit)
            let decision: Decision = state.withLock { state in
                if let call = state.calls.popFirst() {
                    state.idle -= 1
                    return .run(call)
                }
                guard hasSignal, !state.isClosed else {
                    state.idle -= 1
                    state.threads -= 1
                    return .end
                }
                return .wait
            }
            switch decision {
            case .run(let call): return call
            case .end: return nil
            case .wait: continue
            }
        }
    }

    private enum Decision {
        case run(Call)
        case wait
        case end
    }
}
