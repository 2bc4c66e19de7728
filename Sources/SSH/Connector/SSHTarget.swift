/// Where a machine is and how to log in there. What is nil or empty comes from the user's ssh configuration.
public struct SSHTarget: Sendable {
    /// The name by which ssh(1) knows the host: an alias of its configuration, a DNS name or an address.
    public var host: String
    /// The address to connect to instead. known_hosts is searched for it rather than for `host`.
    public var address: String?
    /// The TCP port, 1-65535.
    public var port: UInt16?
    /// The user over there.
    public var user: String?
    /// Private keys. If there is any, no other key is offered; ssh-agent may hold them.
    public var identityFiles: [String] = []
    /// Instead of the user's own known_hosts. The system-wide files hold as well.
    public var knownHostsFiles: [String] = []
    /// For private keys that are locked.
    public var passphrase: SecretSource?
    /// For password and keyboard-interactive authentication, which are tried last, and only with this.
    public var password: SecretSource?
    /// Until the connection is authenticated; nil: the configuration's, or 30 seconds.
    public var connectTimeout: Duration?
    /// Instead of ~/.ssh/config and /etc/ssh/ssh_config.
    public var configFile: String?
    /// Offered window of each channel in bytes, at least 2 MiB; the bandwidth-delay product or more.
    public var channelWindow: UInt32 = 2 << 20

    /// A host that is described by the user's configuration alone.
    public init(host: String) {
        self.host = host
    }

    var effectiveTimeout: Duration { connectTimeout ?? .seconds(30) }

    /// What ssh(1) gets for this target, both for `ssh -G` and for a connection. The host name comes after it.
    func options() throws(SSHError) -> [String] {
        try validate()
        var options: [String] = []
        if let configFile { options += ["-F", configFile] }
        if let address { options += ["-o", "HostName=\(escaped(address))"] }
        if let port { options += ["-p", String(port)] }
        if let user { options += ["-l", user] }
        for file in identityFiles { options += ["-i", escaped(file)] }
        if !identityFiles.isEmpty { options += ["-o", "IdentitiesOnly=yes"] }
        if !knownHostsFiles.isEmpty {
            let files = knownHostsFiles.map { "\"\(escaped($0))\"" }
            options += ["-o", "UserKnownHostsFile=\(files.joined(separator: " "))"]
        }
        if let connectTimeout {
            options += ["-o", "ConnectTimeout=\(max(1, connectTimeout.components.seconds))"]
        }
        return options
    }

    private func validate() throws(SSHError) {
        try validateHostName(host)
        if let address { try validateHostName(address) }
        if port == 0 { throw .invalid("port 0 isn't allowed") }
        if let user {
            let allowed = user.utf8.allSatisfy { isNameByte($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "@") }
            guard !user.isEmpty, user.utf8.count <= 255, allowed, !user.hasPrefix("-") else {
                throw .invalid("the user name has characters that aren't allowed, or the wrong length")
            }
        }
        for path in identityFiles + knownHostsFiles + [configFile].compactMap({ $0 }) {
            let refused = path.utf8.contains {
                $0 < 0x20 || $0 == 0x7f || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\")
            }
            guard !path.isEmpty, !refused, !path.contains("${") else {
                throw .invalid("the path \(path.debugDescription) has characters that ssh can't take")
            }
        }
        guard channelWindow >= 2 << 20, channelWindow <= 1 << 30 else {
            throw .invalid("a channel's window of \(channelWindow) bytes is outside 2 MiB to 1 GiB")
        }
    }

    /// ssh expands `%` in paths and in HostName.
    private func escaped(_ path: String) -> String {
        path.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")
    }
}

/// Names and numeric addresses: letters, digits, `. - _ : %`, not beginning with `-`.
func validateHostName(_ name: String) throws(SSHError) {
    let allowed = name.utf8.allSatisfy { isNameByte($0) || "_:%".utf8.contains($0) }
    guard !name.isEmpty, name.utf8.count <= 255, allowed, !name.hasPrefix("-") else {
        throw .invalid("the host name \(name.debugDescription) isn't allowed")
    }
}

private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"):
        true
    default: false
    }
}
