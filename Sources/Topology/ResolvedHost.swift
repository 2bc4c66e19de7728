import YAML

/// One host with every setting decided: its own, else the file's defaults, else the program's.
public struct ResolvedHost: Sendable, Equatable, Codable {
    /// How the host is reached.
    public enum Connection: String, Sendable, Equatable, Codable, CaseIterable {
        /// libssh2 in process, or ssh(1) where libssh2 can't.
        case auto
        /// libssh2 in process only.
        case libssh2
        /// A child process of ssh(1) only.
        case ssh
        /// This machine, without SSH.
        case local
    }

    /// How the agent gets the rights that it needs.
    public enum Become: String, Sendable, Equatable, Codable, CaseIterable {
        /// With the user's own rights.
        case none
        /// Through `sudo -n`.
        case sudo
    }

    /// Settings of SSH. What is nil is left to the user's ssh configuration.
    public struct SSH: Sendable, Equatable, Codable {
        /// The user to log in as.
        public var user: String?
        /// The private key file: absolute, `~` expanded.
        public var key: String?
        /// The port, 1 to 65535.
        public var port: Int?
        /// The file of known host keys: absolute, `~` expanded.
        public var knownHosts: String?

        /// Settings made of their parts.
        public init(user: String? = nil, key: String? = nil, port: Int? = nil, knownHosts: String? = nil) {
            self.user = user
            self.key = key
            self.port = port
            self.knownHosts = knownHosts
        }
    }

    /// The name that users type and reports print.
    public internal(set) var name: String
    /// Its site, if the file says one.
    public var site: String?
    /// How it is reached.
    public var connection = Connection.auto
    /// What SSH connects to: an address, a name of DNS or an alias of the ssh configuration.
    public var address: String
    /// What other hosts send disk data to: an address or a name. Nil means the address behind the SSH connection.
    public var transferAddress: String?
    /// Settings of SSH.
    public var ssh = SSH()
    /// The libvirt URI, as seen on the host itself.
    public var uri = ResolvedHost.systemURI
    /// Pools with a declared folder: name to absolute path. Other pools are looked up in libvirt.
    public var pools: [String: String] = [:]
    /// The pool that new disks go to unless told otherwise.
    public var pool = ResolvedHost.defaultPoolName
    /// How the agent gets its rights.
    public var become = Become.none
    /// Ports that the agent listens on for disk data.
    public var dataPorts = PortRange.standard
    /// The folder that the agent is installed in: absolute; nil means the user's cache folder on the host.
    public var agentDirectory: String?
    /// Bytes per second that the host can send, or nil where it isn't known.
    public var uplink: UInt64?
    /// Bytes per second that the host can receive, or nil where it isn't known.
    public var downlink: UInt64?
    /// The cap on what this host may be sent, in bytes per second.
    public var inboundCap: UInt64?
    /// Free words about the host.
    public var labels: [String: String] = [:]
    /// Where the file declares it; nil for a host that isn't from a file.
    public var declaredAt: YAMLMark?

    /// The libvirt URI of a host that names none.
    public static let systemURI = "qemu:///system"
    /// The pool of a host that names none.
    public static let defaultPoolName = "default"

    /// A host with the program's own defaults, reached by its name.
    public init(name: String, address: String? = nil) {
        self.name = name
        self.address = address ?? name
    }

    /// The declared folder of the default pool, or nil where libvirt has to be asked.
    public var poolPath: String? { pools[pool] }
}
