import Coordinator
import Executors
import Libvirt
import Model
import Synchronization

/// One libvirt connection with threads of its own, so that a slow call holds up neither the host's actor nor another
/// call.
final class LibvirtSession: Sendable {
    private let host: String
    private let connection: LibvirtConnection
    private let threads: BlockingPool
    private let tunnel: LibvirtTunnel?
    private let silence: Duration
    /// The thread that asks whether the daemon is still there.
    private let pulse = BlockingPool(name: "kc-libvirt-ask", maximumThreads: 1)
    /// True when the tunnel was cut because of the daemon's silence.
    private let isGivenUp = Mutex(false)

    /// Calls that may run at the same time.
    private static let parallelCalls = 4

    /// Keeps asking, and doesn't give up by itself. When libvirt 9.0 does while several calls wait, it ends one of them
    /// and leaves a pointer to that thread's stack with the others: they crash when the socket stirs again. So whoever
    /// can cut the socket does it before.
    private static let patient = LibvirtConnection.KeepAlive(interval: 1, count: 1_000_000)

    /// Opens `uri`, or through `tunnel` the daemon of the other machine, which has to answer within `timeout` seconds.
    /// A daemon behind a tunnel that answers nothing for about `silence` later on is given up.
    static func open(
        uri: String, host: String, tunnel: LibvirtTunnel? = nil, timeout: Int = 60,
        silence: Duration = .seconds(20)
    ) async throws(KVMCloneError) -> LibvirtSession {
        let threads = BlockingPool(name: "kc-libvirt", maximumThreads: parallelCalls)
        let address = try tunnel?.uri(for: uri, host: host) ?? uri
        // To cut the tunnel is the only way to end a call that waits for the other side.
        let alarm = Task {
            try await Task.sleep(for: .seconds(timeout))
            await tunnel?.close()
        }
        defer { alarm.cancel() }
        do throws(LibvirtError) {
            let connection = try await threads.run { () throws(LibvirtError) in
                try LibvirtConnection(uri: address, keepAlive: tunnel == nil ? .standard : patient)
            }
            return LibvirtSession(
                host: host, connection: connection, threads: threads, tunnel: tunnel, silence: silence)
        } catch {
            let note = await tunnel?.complaint()
            await tunnel?.close()
            throw KVMCloneError(
                .connection, "libvirt doesn't answer at \(uri)", host: host,
                cause: [error.message, note].compactMap { $0 }.joined(separator: "; "),
                whatToDo: "make sure that libvirtd runs: systemctl status libvirtd")
        }
    }

    private init(
        host: String, connection: LibvirtConnection, threads: BlockingPool, tunnel: LibvirtTunnel?, silence: Duration
    ) {
        self.host = host
        self.connection = connection
        self.threads = threads
        self.tunnel = tunnel
        self.silence = silence
    }

    /// True until the connection is lost or closed.
    var isAlive: Bool { connection.isAlive }

    /// Runs libvirt calls on one of the session's threads.
    func run<Value: Sendable>(
        _ calls: @escaping @Sendable (LibvirtConnection) throws(LibvirtError) -> Value
    ) async throws(KVMCloneError) -> Value {
        let watch = watch()
        defer { watch?.cancel() }
        do throws(LibvirtError) {
            return try await threads.run { [connection] () throws(LibvirtError) in try calls(connection) }
        } catch {
            guard isGivenUp.withLock({ $0 }) else { throw KVMCloneError(libvirt: error, host: host) }
            throw KVMCloneError(
                .connection, "libvirt didn't answer for \(silence.components.seconds) s and was given up", host: host,
                cause: error.message, whatToDo: "look at the daemon there: systemctl status libvirtd")
        }
    }

    /// Moves a running domain to the other session's host. Returns when it is over.
    func migrate(
        domain uuid: String, to other: LibvirtSession, _ parameters: MigrationParameters
    ) async throws(KVMCloneError) {
        let there = other.watch()
        defer { there?.cancel() }
        let destination = other.connection
        try await run { connection throws(LibvirtError) in
            _ = try connection.domain(uuid: uuid).migrate(to: destination, parameters)
        }
    }

    /// While a call waits: asks the daemon something small from time to time. When that isn't answered either, the
    /// tunnel is cut, which ends all calls.
    private func watch() -> Task<Void, Never>? {
        guard let tunnel else { return nil }
        return Task { [self] in
            while true {
                do { try await Task.sleep(for: silence / 2) } catch { return }
                let alarm = Task {
                    try await Task.sleep(for: silence / 2)
                    isGivenUp.withLock { $0 = true }
                    await tunnel.close()
                }
                // An error is the waiting call's too.
                _ = await pulse.run { [connection] in Result { try connection.daemonVersion() } }
                alarm.cancel()
            }
        }
    }

    /// Lifecycle events of all domains, until the consumer ends.
    func events() async throws(KVMCloneError) -> AsyncStream<DomainEvent> {
        try await run { connection throws(LibvirtError) in try connection.domainEvents() }
    }

    func close() async {
        // The tunnel first: then nothing can hold up the goodbye.
        await tunnel?.close()
        await threads.run { [connection] in connection.close() }
    }
}
