import Coordinator
import Executors
import Libvirt
import Model

/// One libvirt connection with threads of its own, so that a slow call holds up neither the host's actor nor another
/// call.
final class LibvirtSession: Sendable {
    private let host: String
    private let connection: LibvirtConnection
    private let threads: BlockingPool
    private let tunnel: LibvirtTunnel?

    /// Calls that may run at the same time.
    private static let parallelCalls = 4

    /// Opens `uri`, or through `tunnel` the daemon of the other machine, which has to answer within `timeout` seconds.
    static func open(
        uri: String, host: String, tunnel: LibvirtTunnel? = nil, timeout: Int = 60
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
            let connection = try await threads.run { () throws(LibvirtError) in try LibvirtConnection(uri: address) }
            return LibvirtSession(host: host, connection: connection, threads: threads, tunnel: tunnel)
        } catch {
            let note = await tunnel?.complaint()
            await tunnel?.close()
            throw KVMCloneError(
                .connection, "libvirt doesn't answer at \(uri)", host: host,
                cause: [error.message, note].compactMap { $0 }.joined(separator: "; "),
                whatToDo: "make sure that libvirtd runs: systemctl status libvirtd")
        }
    }

    private init(host: String, connection: LibvirtConnection, threads: BlockingPool, tunnel: LibvirtTunnel?) {
        self.host = host
        self.connection = connection
        self.threads = threads
        self.tunnel = tunnel
    }

    /// True until the connection is lost or closed.
    var isAlive: Bool { connection.isAlive }

    /// Runs libvirt calls on one of the session's threads.
    func run<Value: Sendable>(
        _ calls: @escaping @Sendable (LibvirtConnection) throws(LibvirtError) -> Value
    ) async throws(KVMCloneError) -> Value {
        do throws(LibvirtError) {
            return try await threads.run { [connection] () throws(LibvirtError) in try calls(connection) }
        } catch {
            throw KVMCloneError(libvirt: error, host: host)
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
