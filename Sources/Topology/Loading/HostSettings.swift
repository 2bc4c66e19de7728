import YAML

/// The settings that `defaults` and each host may have.
struct HostSettings {
    static let keys = [
        "connection", "ssh_user", "ssh_key", "ssh_port", "known_hosts", "uri", "pool", "become", "data_ports",
        "agent_dir",
    ]

    var connection: ResolvedHost.Connection?
    var ssh = ResolvedHost.SSH()
    var uri: String?
    var pool: String?
    var become: ResolvedHost.Become?
    var dataPorts: PortRange?
    var agentDirectory: String?

    init() {}

    init(_ mapping: YAMLMapping, paths: LocalPaths, findings: inout Findings) {
        connection = findings.value("connection", of: mapping, Read.choice)
        ssh.user = findings.value("ssh_user", of: mapping) { node throws(YAMLError) in
            try Read.checked(node, Words.checkUser)
        }
        ssh.key = findings.value("ssh_key", of: mapping, paths.file)
        ssh.port = findings.value("ssh_port", of: mapping) { node throws(YAMLError) in try node.int(in: 1...65535) }
        ssh.knownHosts = findings.value("known_hosts", of: mapping, paths.file)
        uri = findings.value("uri", of: mapping) { node throws(YAMLError) in try Read.checked(node, Words.checkURI) }
        pool = findings.value("pool", of: mapping) { node throws(YAMLError) in
            try Read.checked(node) { text throws(InvalidValue) in try Words.checkName(text, of: "pool") }
        }
        become = findings.value("become", of: mapping, Read.choice)
        dataPorts = findings.value("data_ports", of: mapping) { node throws(YAMLError) in
            try node.parsed(PortRange.init(parsing:))
        }
        agentDirectory = findings.value("agent_dir", of: mapping) { node throws(YAMLError) in
            try Read.checked(node, FilePath.checkHostFolder)
        }
    }

    /// These settings, and the given ones where these have none.
    func over(_ defaults: HostSettings) -> HostSettings {
        var merged = self
        merged.connection = connection ?? defaults.connection
        merged.ssh.user = ssh.user ?? defaults.ssh.user
        merged.ssh.key = ssh.key ?? defaults.ssh.key
        merged.ssh.port = ssh.port ?? defaults.ssh.port
        merged.ssh.knownHosts = ssh.knownHosts ?? defaults.ssh.knownHosts
        merged.uri = uri ?? defaults.uri
        merged.pool = pool ?? defaults.pool
        merged.become = become ?? defaults.become
        merged.dataPorts = dataPorts ?? defaults.dataPorts
        merged.agentDirectory = agentDirectory ?? defaults.agentDirectory
        return merged
    }
}

/// What relative paths and `~` in the file stand for.
struct LocalPaths {
    let home: String
    let folder: String

    func file(_ node: YAMLNode) throws(YAMLError) -> String {
        try node.parsed { text throws(InvalidValue) in
            try FilePath.local(text, home: home, folder: folder)
        }
    }
}

/// Small readers of nodes.
enum Read {
    static func checked(
        _ node: YAMLNode, _ check: (String) throws(InvalidValue) -> Void
    ) throws(YAMLError) -> String {
        try node.parsed { text throws(InvalidValue) in
            try check(text)
            return text
        }
    }

    static func choice<Choice>(_ node: YAMLNode) throws(YAMLError) -> Choice
    where Choice: RawRepresentable<String> & CaseIterable {
        try node.parsed { text throws(InvalidValue) in
            guard let choice = Choice(rawValue: text) else {
                let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
                throw InvalidValue("\(quoted(text)) isn't one of: \(known)")
            }
            return choice
        }
    }

    /// A rate in bytes per second, above 0.
    static func rate(_ node: YAMLNode) throws(YAMLError) -> UInt64 {
        let rate = try node.bytesPerSecond()
        guard rate > 0 else { throw YAMLError("a rate of 0 would stop everything: leave the key out", at: node.mark) }
        return rate
    }
}
