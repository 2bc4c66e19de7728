import AgentProtocol
import DataPlane
import Executors
import Model
import Synchronization

/// All that a running agent holds.
final class AgentState: Sendable {
    let claims: ClaimTable
    let jobs: JobTable
    let backups = BackupTable()
    let threads = RequestThreads()
    /// Where folders for QEMU's sockets are made.
    let socketHome: String
    let emit: @Sendable (AgentEvent) -> Void

    init(stateFolder: String, socketHome: String, emit: @escaping @Sendable (AgentEvent) -> Void) {
        self.socketHome = socketHome
        claims = ClaimTable(folder: stateFolder + "/claims")
        jobs = JobTable(digests: stateFolder + "/digests")
        self.emit = emit
    }

    /// Ends jobs, whose coordinator may come back for what they have; waits for the threads that work on them, then gives
    /// claims back: in this order, for a claim says that nobody works under it. Backups end by their guards.
    func endAll() {
        jobs.suspendAll()
        threads.waitForAll()
        // A job may have been in the middle of its opening.
        jobs.suspendAll()
        backups.releaseAll()
        claims.releaseAll()
    }
}

/// Threads that answer requests. They are bounded: a coordinator has a few requests open for each job.
final class RequestThreads: Sendable {
    private let running = Gate(0)
    private let isEnding = Gate(false)
    private static let limit = 256

    /// Runs `body` on a thread of its own. False when there is none.
    func start(_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        let hasRoom = running.update { count in
            guard count < Self.limit else { return false }
            count += 1
            return true
        }
        guard hasRoom else { return false }
        do {
            try OSThread.start(name: name) { [self] in
                body()
                running.update { $0 -= 1 }
            }
            return true
        } catch {
            running.update { $0 -= 1 }
            return false
        }
    }

    /// Blocks for `seconds`, or until the agent ends.
    func pause(seconds: Int) {
        let end = monotonicNanoseconds() + UInt64(max(0, seconds)) * 1_000_000_000
        _ = isEnding.wait(until: end) { $0 ? true : nil }
    }

    func waitForAll() {
        isEnding.update { $0 = true }
        _ = running.wait { $0 == 0 ? true : nil }
    }
}
