import Glibc

/// What the user's ssh configuration says about one host, as ssh(1) itself resolves it.
public struct SSHConfiguration: Sendable, Equatable {
    /// Lower-case keywords and their values, in order; a keyword may come several times.
    let values: [String: [String]]

    /// Parses the output of `ssh -G`.
    init(parsing output: String) {
        var values: [String: [String]] = [:]
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            guard let key = parts.first else { continue }
            values[key.lowercased(), default: []].append(parts.count > 1 ? String(parts[1]) : "")
        }
        self.values = values
    }

    /// Asks `ssh -G`. Runs on a thread; `Match exec` lines of the user's configuration are executed by ssh.
    public static func resolve(_ target: SSHTarget) async throws(SSHError) -> SSHConfiguration {
        let arguments = try ["ssh", "-G"] + target.options() + ["--", target.host]
        return try await onThread("ssh-config") { cancelled throws(SSHError) in
            let deadline = ContinuousClock.now + target.effectiveTimeout
            let result = try runTool(arguments, deadline: deadline, cancelled: cancelled)
            guard result.status.isSuccess else {
                let text = result.errors.split(separator: "\n").suffix(3).joined(separator: "; ")
                throw .configuration(text.isEmpty ? "ssh -G failed" : text)
            }
            let configuration = SSHConfiguration(parsing: result.output)
            try validateHostName(configuration.hostName)
            return configuration
        }
    }

    func first(_ key: String) -> String? {
        guard let value = values[key]?.first, !value.isEmpty, value.lowercased() != "none" else { return nil }
        return value
    }

    func isOn(_ key: String) -> Bool {
        ["yes", "true", "always"].contains(first(key)?.lowercased())
    }

    /// The name or address to connect to.
    public var hostName: String { first("hostname") ?? "" }
    /// The TCP port.
    public var port: UInt16 { first("port").flatMap { UInt16($0) } ?? 22 }
    /// The user over there.
    public var user: String { first("user") ?? "" }
    /// Private keys, with `~` and tokens not expanded.
    public var identityFiles: [String] { (values["identityfile"] ?? []).filter { $0.lowercased() != "none" } }
    /// Whether only `identityFiles` may be offered.
    public var identitiesOnly: Bool { isOn("identitiesonly") }
    /// known_hosts files: the user's, then the system's.
    public var knownHostsFiles: [String] {
        (userKnownHostsFiles + list("globalknownhostsfile", separator: " ")).filter { $0.lowercased() != "none" }
    }
    var userKnownHostsFiles: [String] { list("userknownhostsfile", separator: " ") }
    /// The jump hosts, if there are any.
    public var proxyJump: String? { first("proxyjump") }
    /// The command whose stdio replaces the TCP connection.
    public var proxyCommand: String? { first("proxycommand") }
    /// Certificates for the user.
    public var certificateFiles: [String] { (values["certificatefile"] ?? []).filter { $0.lowercased() != "none" } }
    /// The name to look up in known_hosts, where it isn't `hostName`.
    public var hostKeyAlias: String? { first("hostkeyalias") }
    /// The socket of ssh-agent: a path, `SSH_AUTH_SOCK`, or nil for none.
    public var identityAgent: String? { values["identityagent"] == nil ? "SSH_AUTH_SOCK" : first("identityagent") }
    /// Seconds, if the configuration limits the connection's set-up.
    public var connectTimeout: Duration? { first("connecttimeout").flatMap { Int64($0) }.map { .seconds($0) } }

    /// `AF_UNSPEC`, `AF_INET` or `AF_INET6`.
    var addressFamily: Int32 {
        switch first("addressfamily") {
        case "inet": AF_INET
        case "inet6": AF_INET6
        default: AF_UNSPEC
        }
    }

    func list(_ key: String, separator: Character = ",") -> [String] {
        (first(key) ?? "").split(separator: separator).map(String.init)
    }

    /// Why this configuration needs ssh(1) from the start; nil when libssh2 may try.
    public var whyOpenSSH: String? {
        if let proxyJump { return "the configuration says ProxyJump \(proxyJump)" }
        if proxyCommand != nil { return "the configuration has a ProxyCommand" }
        if !certificateFiles.isEmpty { return "the configuration has a CertificateFile" }
        for (key, name) in Self.beyondLibssh2 where first(key) != nil { return "the configuration has \(name)" }
        if isOn("gssapiauthentication"), !isOn("pubkeyauthentication"), !isOn("passwordauthentication") {
            return "the configuration allows GSSAPI authentication only"
        }
        let preferred = list("preferredauthentications")
        if !preferred.isEmpty, Set(preferred).isDisjoint(with: ["publickey", "password", "keyboard-interactive"]) {
            return "the configuration prefers \(preferred.joined(separator: ","))"
        }
        return nil
    }

    private static let beyondLibssh2 = [
        ("bindaddress", "BindAddress"), ("bindinterface", "BindInterface"), ("knownhostscommand", "KnownHostsCommand"),
        ("revokedhostkeys", "RevokedHostKeys"), ("pkcs11provider", "PKCS11Provider"),
    ]
}
