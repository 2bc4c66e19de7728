import FoundationEssentials
import Logging
import Model

/// Where a secret comes from. It never stands in an argument, the environment or a log.
public enum Secret: Sendable {
    /// The first line of a file that only its owner can read.
    case file(String)
    /// Whatever the closure returns; it is called on a thread of its own, when the secret is needed.
    case asking(@Sendable () throws -> String)
}

/// What a client has to know before it meets a host.
public struct ClientOptions: Sendable {
    /// The topology file; nil: hosts are SSH names.
    public var topologyFile: String?
    /// A private key that is used instead of the configured ones.
    public var sshKey: String?
    /// A port that is used instead of the configured one.
    public var sshPort: Int?
    /// A user that is used instead of the configured one.
    public var sshUser: String?
    /// A file of known host keys that is used instead of the configured ones.
    public var knownHosts: String?
    /// The passphrase of private keys that have one; nil: such keys can't be used, except through an SSH agent.
    public var passphrase: Secret?
    /// The user's password on the hosts; nil: none is offered.
    public var password: Secret?
    /// Where operations are kept.
    public var stateFolder: String
    /// The libvirt URI of hosts that the topology doesn't name.
    public var libvirtURI: String?
    /// Ports that agents listen on, where the topology doesn't say.
    public var dataPorts: ClosedRange<UInt16>?
    /// Seconds until a connection has to stand.
    public var connectTimeout = 30
    /// Seconds until the libvirt daemon of a host that is reached over SSH has to answer.
    public var libvirtTimeout = 60
    /// The agent's executable; nil: the one beside this program.
    public var agentPath: String?
    /// Who is told what happens.
    public var logger: Logger

    /// The defaults: no topology, the user's state folder, a logger of label `kvm-clone`.
    public init() {
        stateFolder = Self.defaultStateFolder
        logger = Logger(label: "kvm-clone")
    }

    private static var defaultStateFolder: String {
        let environment = ProcessInfo.processInfo.environment
        if let named = environment["KVM_CLONE_STATE"], named.hasPrefix("/") { return named }
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return state + "/kvm-clone" }
        if environment["HOME"] == nil { return "/var/lib/kvm-clone" }
        return (environment["HOME"] ?? "") + "/.local/state/kvm-clone"
    }
}
