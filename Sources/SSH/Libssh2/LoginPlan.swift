import Glibc

/// Everything a libssh2 session needs to know to reach a host and log in.
struct LoginPlan: Sendable {
    var host: String
    var port: UInt16
    var user: String
    /// The name that known_hosts files have for it.
    var knownHostsName: String
    var knownHostsFiles: [String]
    var identityFiles: [String]
    /// Whether the target names the keys; then a problem with one is an error rather than passed over.
    var keysAreExplicit: Bool
    var identitiesOnly: Bool
    var agentSocket: String?
    var passphrase: SecretSource?
    var password: SecretSource?
    var timeout: Duration
    var channelWindow: UInt32
    var configuration: SSHConfiguration

    init(_ target: SSHTarget, _ configuration: SSHConfiguration) throws(SSHError) {
        self.configuration = configuration
        host = configuration.hostName
        port = configuration.port
        user = configuration.user
        knownHostsName = configuration.hostKeyAlias ?? configuration.hostName
        let tokens = PathTokens(target: target, configuration: configuration)
        if target.knownHostsFiles.isEmpty {
            knownHostsFiles = configuration.knownHostsFiles
        } else {
            knownHostsFiles = target.knownHostsFiles + configuration.list("globalknownhostsfile", separator: " ")
        }
        knownHostsFiles = try knownHostsFiles.map { file throws(SSHError) in
            target.knownHostsFiles.contains(file) ? PathTokens.expandTilde(file) : try tokens.expand(file)
        }
        keysAreExplicit = !target.identityFiles.isEmpty
        if keysAreExplicit {
            identityFiles = target.identityFiles.map(PathTokens.expandTilde)
        } else {
            identityFiles = try configuration.identityFiles.map { file throws(SSHError) in try tokens.expand(file) }
        }
        identitiesOnly = keysAreExplicit || configuration.identitiesOnly
        switch configuration.identityAgent {
        case nil: agentSocket = nil
        case "SSH_AUTH_SOCK"?: agentSocket = getenv("SSH_AUTH_SOCK").map { String(cString: $0) }
        case .some(let path): agentSocket = try tokens.expand(path)
        }
        passphrase = target.passphrase
        password = target.password
        timeout = target.connectTimeout ?? configuration.connectTimeout ?? target.effectiveTimeout
        channelWindow = target.channelWindow
    }
}

/// The tokens of ssh_config(5) that may stand in paths.
struct PathTokens {
    private let values: [Character: String]

    init(target: SSHTarget, configuration: SSHConfiguration) {
        let localUser = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? ""
        values = [
            "%": "%", "d": homeFolder(), "h": configuration.hostName, "n": target.host, "p": String(configuration.port),
            "r": configuration.user, "u": localUser, "i": String(getuid()),
            "k": configuration.hostKeyAlias ?? target.host,
        ]
    }

    /// Expands `~` and `%` tokens; what libssh2's side of this program can't expand needs ssh(1).
    func expand(_ path: String) throws(SSHError) -> String {
        if path.contains("${") || path.hasPrefix("$") {
            throw .needsOpenSSH(reason: "the configuration's path \(path) refers to the environment")
        }
        var result = ""
        var rest = Self.expandTilde(path)[...]
        while let character = rest.popFirst() {
            guard character == "%" else {
                result.append(character)
                continue
            }
            guard let token = rest.popFirst(), let value = values[token] else {
                throw .needsOpenSSH(reason: "the configuration's path \(path) has a token that only ssh expands")
            }
            result += value
        }
        return result
    }

    static func expandTilde(_ path: String) -> String {
        path == "~" || path.hasPrefix("~/") ? homeFolder() + path.dropFirst() : path
    }
}
