import CLinux
import Synchronization

/// Runs an actor's work, or a task's, on one named thread of its own, where blocking calls hold up nobody else.
///
/// An actor names it as its `unownedExecutor`; a task takes it with `withTaskExecutorPreference`. Jobs run one at a
/// time, first in, first out. The thread ends by itself when the executor is released: all jobs have run by then,
/// since each one keeps its executor alive.
public final class ThreadExecutor: SerialExecutor, TaskExecutor {
    private let core = ThreadCore()

    /// Starts the thread.
    ///
    /// - Parameter name: Shown by `ps -L`; its first 15 bytes count.
    public init(name: String) throws(ThreadError) {
        let core = core
        try OSThread.start(name: name) { core.runUntilStopped() }
    }

    deinit {
        core.stop()
    }

    /// Appends a job. Never blocks.
    public func enqueue(_ job: consuming ExecutorJob) {
        core.enqueue(UnownedJob(job), on: self)
    }

    /// This executor as an actor returns it from `unownedExecutor`. The actor must keep the executor alive.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    /// Traps unless the caller runs on this executor's thread.
    public func checkIsolated() {
        precondition(isCurrent, "not on the thread of this executor")
    }

    /// Whether the caller runs on this executor's thread.
    public var isCurrent: Bool {
        core.threadID.load(ordering: .acquiring) == kc_gettid()
    }
}

/// What thread and executor share, so that the executor can go away while its thread lives.
private final class ThreadCore: Sendable {
    private struct Item {
        let job: UnownedJob
        let executor: ThreadExecutor
    }

    private struct State {
        var waiting: [Item] = []
        var isStopped = false
    }

    let threadID = Atomic<Int32>(0)
    private let state = Mutex(State())
    private let signal = WorkSignal()

    func enqueue(_ job: UnownedJob, on executor: ThreadExecutor) {
        state.withLock { $0.waiting.append(Item(job: job, executor: executor)) }
        signal.post()
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        signal.post()
    }

    func runUntilStopped() {
        threadID.store(kc_gettid(), ordering: .releasing)
        while true {
            signal.wait()
            let (batch, isStopped) = state.withLock { state in
                let batch = state.waiting
                state.waiting = []
                return (batch, state.isStopped)
            }
            for item in batch {
                item.job.runSynchronously(
                    isolatedTo: item.executor.asUnownedSerialExecutor(),
                    taskExecutor: item.executor.asUnownedTaskExecutor())
            }
            if isStopped { return }
        }
    }
}
