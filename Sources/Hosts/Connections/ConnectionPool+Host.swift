import Model
import SSH
import Topology

extension ConnectionPool {
    /// The connections to a host of the topology. Nothing is opened yet.
    init(to host: ResolvedHost, settings: HostSettings) {
        var target = SSHTarget(host: host.address)
        target.port = host.ssh.port.flatMap { UInt16(exactly: $0) }
        target.user = host.ssh.user
        if let key = host.ssh.key { target.identityFiles = [key] }
        if let file = host.ssh.knownHosts { target.knownHostsFiles = [file] }
        target.passphrase = settings.passphrase
        target.password = settings.password
        target.connectTimeout = .seconds(settings.connectTimeout)
        var limits = Limits()
        // Somebody waits: a host that is down shouldn't take several time-outs to be told.
        limits.retry.attempts = 2
        self.init(target, preference: ConnectionPreference(host.connection), limits: limits)
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
