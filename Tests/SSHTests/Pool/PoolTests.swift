import Synchronization
import Testing

@testable import SSH

@Suite("Pool of connections", .timeLimit(.minutes(5)))
struct PoolTests {
    /// Opens local connections and counts them.
    private final class Opener: Sendable {
        struct State {
            var opened = 0
            var opening = 0
            var mostAtOnce = 0
            var failures: [SSHError]
        }

        let state: Mutex<State>
        let commands: Int

        init(commands: Int = 8, failures: [SSHError] = []) {
            self.commands = commands
            state = Mutex(State(failures: failures))
        }

        func open() async throws(SSHError) -> Connected {
            state.withLock {
                $0.opening += 1
                $0.mostAtOnce = max($0.mostAtOnce, $0.opening)
            }
            await Task.yield()
            let failure = state.withLock { state -> SSHError? in
                state.opening -= 1
                if !state.failures.isEmpty { return state.failures.removeFirst() }
                state.opened += 1
                return nil
            }
            if let failure { throw failure }
            return Connected(connection: LocalConnection(maximumCommands: commands), why: "because")
        }

        func pool(bulkSessions: Int = 2) -> ConnectionPool {
            var limits = ConnectionPool.Limits()
            limits.bulkSessions = bulkSessions
            limits.retry.firstPause = .milliseconds(1)
            return ConnectionPool(limits: limits) { () async throws(SSHError) in try await self.open() }
        }

        var opened: Int { state.withLock { $0.opened } }
    }

    @Test("sessions are opened when needed, one at a time, up to the limit; control has its own")
    func opening() async throws {
        let opener = Opener()
        let pool = opener.pool()
        var processes: [RemoteProcess] = []
        processes = try await withThrowingTaskGroup(of: RemoteProcess.self) { group in
            for index in 0..<6 {
                group.addTask { try await pool.start(RemoteCommand([.text("cat")]), on: index == 0 ? .control : .bulk) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(opener.opened == 3)
        #expect(opener.state.withLock { $0.mostAtOnce } == 1)
        #expect(await pool.why == "because")
        for process in processes { #expect(try await finish(process).status == .exited(0)) }
        await pool.close()
        await #expect(throws: SSHError.self) { try await pool.start(RemoteCommand([.text("cat")]), on: .bulk) }
    }

    @Test("who finds all sessions full waits for a place, or until cancelled")
    func waiting() async throws {
        let pool = Opener(commands: 1).pool(bulkSessions: 1)
        let first = try await pool.start(RemoteCommand([.text("cat")]), on: .bulk)
        let second = Task { try await pool.start(RemoteCommand([.text("true")]), on: .bulk) }
        let third = Task { try await pool.start(RemoteCommand([.text("true")]), on: .bulk) }
        third.cancel()
        await #expect(throws: SSHError.cancelled) { try await third.value }
        #expect(try await finish(first).status == .exited(0))
        #expect(try await finish(second.value).status == .exited(0))
        await pool.close()
    }

    @Test("transient failures are tried again, others at once reported")
    func retries() async throws {
        let lost = SSHError.lost(host: "h", reason: "r")
        let opener = Opener(failures: [lost, lost, lost])
        #expect(try await opener.pool().connect() == .local)
        await #expect(throws: lost) { try await Opener(failures: [lost, lost, lost, lost]).pool().connect() }
        let refused = SSHError.authenticationFailed(host: "h", user: "u", tried: [])
        let strict = Opener(failures: [refused])
        await #expect(throws: refused) { try await strict.pool().connect() }
        #expect(strict.opened == 0)
    }

    @Test("a lost session is replaced at the next use")
    func replacement() async throws {
        let closed = LocalConnection()
        await closed.close()
        let count = Mutex(0)
        let pool = ConnectionPool(limits: .init()) { () async throws(SSHError) in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return Connected(connection: number == 1 ? closed : LocalConnection(), why: nil)
        }
        let process = try await pool.start(RemoteCommand([.text("true")]), on: .control)
        #expect(try await finish(process).status == .exited(0))
        #expect(count.withLock { $0 } == 2)
        await pool.close()
    }

    @Test("pauses double, stay below the longest, and vary")
    func pauses() {
        var policy = RetryPolicy()
        policy.firstPause = .seconds(1)
        policy.longestPause = .seconds(3)
        #expect(
            (1...4).map { policy.pause(after: $0, jitter: 1) } == [.seconds(1), .seconds(2), .seconds(3), .seconds(3)])
        #expect(policy.pause(after: 2, jitter: 0) == .seconds(1))
    }
}
