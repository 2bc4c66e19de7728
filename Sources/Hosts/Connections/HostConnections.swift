import Glibc
import Model
import SSH
import Topology

/// The connections to one machine: one for control and libvirt, and more for bulk data when that has to go through
/// here, so that it never stands in the way of control.
actor HostConnections {
    private let host: ResolvedHost
    private let settings: HostSettings
    private var control: Task<Result<Connected, KVMCloneError>, Never>?
    private var bulk: [any HostConnection] = []
    private var isClosed = false

    /// Channels of one bulk connection: two, for a stream is bound by the cipher's core.
    private static let channelsPerBulk = 2

    init(host: ResolvedHost, settings: HostSettings) {
        self.host = host
        self.settings = settings
    }

    /// The control connection, opened when there is none or the last one is lost.
    func controlConnection() async throws(KVMCloneError) -> Connected {
        guard !isClosed else { throw KVMCloneError(.connection, "the host was closed", host: host.name) }
        if let control {
            if case .success(let connected)? = await control.valueUnlessCancelled(), connected.connection.isUsable {
                return connected
            }
            if self.control == control, !Task.isCancelled { self.control = nil }
        }
        let opening = self.control ?? Task { await open() }
        control = opening
        return try await opening.patientValue(host: host.name)
    }

    /// A connection that has room for one more bulk stream.
    func bulkConnection(stream: Int) async throws(KVMCloneError) -> any HostConnection {
        let place = stream / Self.channelsPerBulk
        if place < bulk.count, bulk[place].isUsable { return bulk[place] }
        let connected = try await open().get()
        if place < bulk.count {
            bulk[place] = connected.connection
        } else {
            bulk.append(connected.connection)
        }
        return connected.connection
    }

    /// Ends an attempt to connect; connections that stand stay.
    func stopOpening() {
        isClosed = true
        control?.cancel()
    }

    func close() async {
        isClosed = true
        for connection in bulk { await connection.close() }
        bulk = []
        if case .success(let connected)? = await control?.value { await connected.connection.close() }
        control = nil
    }

    private func open() async -> Result<Connected, KVMCloneError> {
        do throws(SSHError) {
            return .success(
                try await Connector.connect(target, preference: ConnectionPreference(host.connection)))
        } catch {
            return .failure(KVMCloneError(ssh: error, host: host.name))
        }
    }

    private var target: SSHTarget {
        var target = SSHTarget(host: host.address)
        target.port = host.ssh.port.flatMap { UInt16(exactly: $0) }
        target.user = host.ssh.user
        if let key = host.ssh.key { target.identityFiles = [key] }
        if let file = host.ssh.knownHosts { target.knownHostsFiles = [file] }
        target.passphrase = settings.passphrase
        target.password = settings.password
        target.connectTimeout = .seconds(settings.connectTimeout)
        return target
    }
}

extension ConnectionPreference {
    init(_ connection: ResolvedHost.Connection) {
        switch connection {
        case .auto: self = .auto
        case .libssh2: self = .libssh2
        case .ssh: self = .ssh
        case .local: self = .local
        }
    }
}
