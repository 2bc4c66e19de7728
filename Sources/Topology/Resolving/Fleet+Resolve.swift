import YAML

extension Fleet {
    /// A fleet without any file: hosts by their SSH names. Names are resolved as `resolve` does, each once.
    public static func adHoc(_ names: [String]) throws(InvalidValue) -> Fleet {
        let empty = Fleet(name: "ad-hoc", sites: [], links: [], hosts: [])
        var hosts: [ResolvedHost] = []
        for name in names {
            let host = try empty.resolve(name)
            if !hosts.contains(where: { $0.name == host.name }) { hosts.append(host) }
        }
        return Fleet(name: empty.name, sites: [], links: [], hosts: hosts)
    }

    /// The host that an argument names. In this order: a host of the file; `local` or `localhost`, this machine;
    /// a libvirt URI of this machine; a plain SSH name, `[user@]name`, which the user's ssh configuration explains.
    /// The file's defaults hold for the file's hosts only.
    public func resolve(_ argument: String) throws(InvalidValue) -> ResolvedHost {
        if let host = host(named: argument) { return host }
        if argument == "local" || argument == "localhost" {
            return Self.localHost(argument, uri: ResolvedHost.systemURI)
        }
        if argument.contains("://") { return try Self.local(uri: argument) }
        let parts = argument.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[parts.count - 1])
        do {
            try HostName.check(name)
            if parts.count == 2 { try Words.checkUser(String(parts[0])) }
        } catch {
            let hint = hosts.isEmpty ? nil : Suggestion.nearest(to: argument, among: hosts.map(\.name))
            throw InvalidValue(error.message + (hint.map { " (did you mean '\($0)'?)" } ?? ""))
        }
        var host = ResolvedHost(name: argument, address: name)
        if parts.count == 2 { host.ssh.user = String(parts[0]) }
        return host
    }

    /// The hosts of a list: arguments between commas, with ranges as in the file (`kvm[2:4],kvm9`), each once.
    public func resolve(list: String) throws(InvalidValue) -> [ResolvedHost] {
        var result: [ResolvedHost] = []
        var names: Set<String> = []
        for item in list.split(separator: ",", omittingEmptySubsequences: false) {
            guard !item.isEmpty else { throw InvalidValue("\(quoted(list)): a name is missing beside a comma") }
            let range = try item.contains("://") ? nil : BracketRange(parsing: String(item))
            guard (range?.count ?? 1) <= FleetReader.mostHosts else {
                throw InvalidValue("\(quoted(list)) stands for more than \(FleetReader.mostHosts) hosts")
            }
            for name in range?.expanded() ?? [String(item)] {
                let host = try resolve(name)
                if names.insert(host.name).inserted { result.append(host) }
            }
        }
        return result
    }

    private static func local(uri: String) throws(InvalidValue) -> ResolvedHost {
        try Words.checkURI(uri)
        let scheme = uri.prefix { $0 != ":" }
        let authority = uri.dropFirst(scheme.count + 3).prefix { $0 != "/" }
        let transport = scheme.split(separator: "+").dropFirst().first
        guard authority.isEmpty, transport == nil || transport == "unix" else {
            let name = authority.split(separator: "@").last.map(String.init) ?? "HOST"
            throw InvalidValue(
                "\(quoted(uri)) is a remote libvirt URI: name the host itself (\(quoted(name))), kvm-clone connects over SSH"
            )
        }
        return localHost(uri, uri: uri)
    }

    private static func localHost(_ name: String, uri: String) -> ResolvedHost {
        var host = ResolvedHost(name: name, address: "localhost")
        host.connection = .local
        host.uri = uri
        return host
    }
}
