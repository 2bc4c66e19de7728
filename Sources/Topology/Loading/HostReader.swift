import YAML

/// Reads one entry of `hosts`, which may stand for many.
struct HostReader {
    static let keys =
        ["site", "address", "transfer_address", "uplink", "downlink", "inbound", "pools", "labels"] + HostSettings.keys
    /// Keys that mean nothing without SSH.
    private static let sshKeys = ["address", "ssh_user", "ssh_key", "ssh_port", "known_hosts"]

    let defaults: HostSettings
    let sites: [String]
    let paths: LocalPaths

    /// The hosts of one entry. Without names, which were bad, the rest is still checked.
    func read(_ entry: YAMLEntry, names: [String]?, findings: inout Findings) -> [ResolvedHost] {
        guard let mapping = findings.mapping(entry.value, allowed: Self.keys) else { return [] }
        let template = template(mapping, entry: entry, findings: &findings)
        guard let names else { return [] }
        let own = addresses("address", mapping, count: names.count, findings: &findings, HostName.checkAddress)
        let transfers = addresses(
            "transfer_address", mapping, count: names.count, findings: &findings, HostName.checkTransferAddress)
        return names.enumerated().map { position, name in
            var host = template
            host.name = name
            host.address = own?[position] ?? name
            host.transferAddress = transfers?[position]
            return host
        }
    }

    /// All but the names and addresses, which differ within a range.
    private func template(_ mapping: YAMLMapping, entry: YAMLEntry, findings: inout Findings) -> ResolvedHost {
        let settings = HostSettings(mapping, paths: paths, findings: &findings).over(defaults)
        var host = ResolvedHost(name: "")
        host.declaredAt = entry.keyMark
        host.connection = settings.connection ?? .auto
        if host.connection == .local {
            for entry in Self.sshKeys.compactMap(mapping.entry) {
                findings.add("'\(entry.key)' has no meaning with 'connection: local'", at: entry.keyMark)
            }
        } else {
            host.ssh = settings.ssh
        }
        host.uri = settings.uri ?? ResolvedHost.systemURI
        host.become = settings.become ?? .none
        host.dataPorts = settings.dataPorts ?? .standard
        host.agentDirectory = settings.agentDirectory
        host.site = findings.value("site", of: mapping) { node throws(YAMLError) in
            try FleetReader.site(node, among: sites)
        }
        host.uplink = findings.value("uplink", of: mapping, Read.rate)
        host.downlink = findings.value("downlink", of: mapping, Read.rate)
        host.inboundCap = findings.value("inbound", of: mapping, Read.rate)
        host.labels = words("labels", mapping, &findings, key: Words.checkLabelKey, value: Words.checkLabelValue)
        host.pools = words(
            "pools", mapping, &findings, key: { text throws(InvalidValue) in try Words.checkName(text, of: "pool") },
            value: FilePath.checkHostFolder)
        host.pool = pool(settings.pool, mapping, entry: entry, findings: &findings)
        return host
    }

    /// The default pool. Where the host declares pools it is one of them, and a single one needs no naming.
    private func pool(
        _ wanted: String?, _ mapping: YAMLMapping, entry: YAMLEntry, findings: inout Findings
    ) -> String {
        guard case .mapping(let declared)? = mapping["pools"]?.content, !declared.isEmpty else {
            return wanted ?? ResolvedHost.defaultPoolName
        }
        let names = declared.map(\.key)
        let pool = wanted ?? (names.count == 1 ? names[0] : ResolvedHost.defaultPoolName)
        if !names.contains(pool) {
            let known = names.map { shortened($0) }.joined(separator: ", ")
            findings.add(
                "the default pool '\(pool)' isn't among this host's pools (\(known)): set 'pool' to one of them",
                at: mapping["pool"]?.mark ?? entry.keyMark, related: mapping["pools"]?.mark)
        }
        return pool
    }

    private func words(
        _ name: String, _ mapping: YAMLMapping, _ findings: inout Findings,
        key checkKey: (String) throws(InvalidValue) -> Void, value checkValue: (String) throws(InvalidValue) -> Void
    ) -> [String: String] {
        guard let node = mapping[name] else { return [:] }
        guard let inner = findings.collect({ () throws(YAMLError) in try node.mapping() }) else { return [:] }
        var result: [String: String] = [:]
        for entry in inner.entries {
            _ = findings.passes(entry.key, at: entry.keyMark, checkKey)
            result[entry.key] = findings.collect { () throws(YAMLError) in try Read.checked(entry.value, checkValue) }
        }
        return result
    }

    /// The addresses of a range's hosts: one each, so the address needs a range of the same length.
    private func addresses(
        _ key: String, _ mapping: YAMLMapping, count: Int, findings: inout Findings,
        _ check: (String) throws(InvalidValue) -> Void
    ) -> [String]? {
        findings.value(key, of: mapping) { node throws(YAMLError) in
            try node.parsed { text throws(InvalidValue) in
                let range = try BracketRange(parsing: text)
                guard range.count == count else {
                    throw InvalidValue(
                        range.isRange
                            ? "'\(key)' stands for \(range.count) addresses, but there \(count == 1 ? "is one host" : "are \(count) hosts")"
                            : "\(count) hosts would share one '\(key)': write a range of the same length, such as 10.0.0.[1:\(count)]"
                    )
                }
                let addresses = range.expanded()
                for address in addresses { try check(address) }
                return addresses
            }
        }
    }
}
