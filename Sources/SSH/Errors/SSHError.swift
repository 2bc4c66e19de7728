/// Why a connection, or a command on it, failed. No case ever holds a secret.
public enum SSHError: Error, Equatable, Sendable {
    /// A host name, user name, path or word of a command that isn't allowed.
    case invalid(String)
    /// The configuration of ssh(1) couldn't be read.
    case configuration(String)
    /// No TCP connection: the name doesn't resolve, nothing listens, no route.
    case unreachable(host: String, port: UInt16, reason: String)
    /// Nothing came within the time allowed. `phase` says what was awaited.
    case timedOut(host: String, port: UInt16, phase: String)
    /// known_hosts has no key for this host.
    case hostKeyUnknown(HostKeyProblem)
    /// known_hosts has another key for this host.
    case hostKeyChanged(HostKeyProblem)
    /// The host showed a key that known_hosts marks as revoked.
    case hostKeyRevoked(HostKeyProblem)
    /// The host refused everything that was offered.
    case authenticationFailed(host: String, user: String, tried: [String])
    /// A private key that can't be used: missing, open to others, not a key, locked by a passphrase.
    case keyFile(path: String, problem: String)
    /// A passphrase or password that couldn't be read.
    case secret(source: String, problem: String)
    /// libssh2 can't do it; ssh(1) may.
    case needsOpenSSH(reason: String)
    /// The host refused a channel or a command, or the session's limit of channels is reached.
    case channel(host: String, reason: String)
    /// The connection ended before its work did.
    case lost(host: String, reason: String)
    /// A local process or thread couldn't be started or failed.
    case process(String)
    /// The task was cancelled, or the connection closed by its owner.
    case cancelled

    /// Whether the same attempt may succeed a little later: the network, a busy sshd.
    public var isTransient: Bool {
        switch self {
        case .unreachable, .timedOut, .lost: true
        case .invalid, .configuration, .hostKeyUnknown, .hostKeyChanged, .hostKeyRevoked, .authenticationFailed,
            .keyFile, .secret, .needsOpenSSH, .channel, .process, .cancelled:
            false
        }
    }
}

/// The key that a host showed, and where its known keys were looked for.
public struct HostKeyProblem: Equatable, Sendable {
    /// The name that known_hosts was searched for, without the port.
    public var host: String
    /// The TCP port.
    public var port: UInt16
    /// Such as `ssh-ed25519`; nil when it isn't known.
    public var keyType: String?
    /// In OpenSSH's form, `SHA256:…`; nil when it isn't known.
    public var fingerprint: String?
    /// The known_hosts files that were searched. The first is the one to add to.
    public var files: [String]
    /// Where the contradicting or revoked entry stands, as `file:line`.
    public var place: String?
}
