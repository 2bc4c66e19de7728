import Coordinator
import FoundationEssentials
import Hosts
import Model
import SSH
import Synchronization
import Topology
import YAML

/// The hosts of a client: each is made once, when it is first named.
final class HostDirectory: Sendable {
    /// What the topology file says.
    let fleet: Fleet
    private let options: ClientOptions
    private let settings: HostSettings
    private let hosts = Mutex<[String: Host]>([:])

    init(_ options: ClientOptions) throws(KVMCloneError) {
        self.options = options
        do {
            fleet = try options.topologyFile.map { file throws(TopologyError) in try Fleet.load(file) } ?? .adHoc([])
        } catch let error as TopologyError {
            throw KVMCloneError(
                .configuration, "the topology can't be used", cause: "\(error)",
                whatToDo: "correct it, and check it with `kvm-clone topology validate`")
        } catch {
            throw KVMCloneError(.configuration, "the topology can't be used", cause: "\(error)")
        }
        var settings = HostSettings(
            binary: try AgentBinary.find(options.agentPath), connectTimeout: options.connectTimeout,
            libvirtTimeout: options.libvirtTimeout,
            stateFolder: options.stateFolder, logger: options.logger)
        settings.passphrase = options.passphrase.map(SecretSource.init)
        settings.password = options.password.map(SecretSource.init)
        self.settings = settings
    }

    /// All hosts of the topology; without one, this machine.
    var allNames: [String] { fleet.hosts.isEmpty ? ["localhost"] : fleet.hosts.map(\.name) }

    /// The names that a list of arguments stands for: ranges such as `kvm[2:4]` are written out.
    func expand(_ arguments: [String]) throws(KVMCloneError) -> [String] {
        var names: [String] = []
        for argument in arguments {
            do {
                names += try fleet.resolve(list: argument).map(\.name)
            } catch {
                throw KVMCloneError(.invalidHost, error.message, field: "host")
            }
        }
        return names
    }

    /// The host of that name, URI or SSH alias.
    func host(_ name: String) throws(KVMCloneError) -> Host {
        let description: ResolvedHost
        do {
            description = customized(try fleet.resolve(name), isDeclared: fleet.host(named: name) != nil)
        } catch {
            throw KVMCloneError(.invalidHost, error.message, field: "host")
        }
        return hosts.withLock { hosts in
            if let host = hosts[name] { return host }
            let host = Host(description, settings: settings)
            hosts[name] = host
            return host
        }
    }

    func close() async {
        let all = hosts.withLock { hosts in
            defer { hosts = [:] }
            return Array(hosts.values)
        }
        await withTaskGroup(of: Void.self) { group in
            for host in all { group.addTask { await host.close() } }
        }
    }

    /// Options of the command stand over the topology; those of the configuration only where it says nothing.
    private func customized(_ host: ResolvedHost, isDeclared: Bool) -> ResolvedHost {
        var host = host
        if let key = options.sshKey { host.ssh.key = key }
        if let port = options.sshPort { host.ssh.port = port }
        if let user = options.sshUser { host.ssh.user = user }
        if let file = options.knownHosts { host.ssh.knownHosts = file }
        guard !isDeclared else { return host }
        if let uri = options.libvirtURI, host.connection != .local || host.name == "localhost" { host.uri = uri }
        if let ports = options.dataPorts { host.dataPorts = PortRange(ports) }
        return host
    }
}

extension SecretSource {
    init(_ secret: Secret) {
        switch secret {
        case .file(let path): self = .file(path)
        case .asking(let ask): self = .provider(ask)
        }
    }
}
