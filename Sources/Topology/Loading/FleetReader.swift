import YAML

/// Reads the whole file and goes on after each finding.
struct FleetReader {
    static let version = "kvm-clone/v1"
    static let mostHosts = 10_000
    private static let mostSites = 1000
    private static let keys = ["apiVersion", "name", "defaults", "sites", "links", "hosts"]

    let file: String?
    let paths: LocalPaths
    private var findings = Findings()

    init(file: String?, paths: LocalPaths) {
        self.file = file
        self.paths = paths
    }

    mutating func read(_ root: YAMLNode) throws(TopologyError) -> Fleet {
        var fleet: Fleet?
        if root.isNull {
            findings.add("the file is empty: it needs at least apiVersion, name and hosts", at: root.mark)
        } else if let mapping = findings.mapping(root, allowed: Self.keys) {
            fleet = self.fleet(mapping)
        }
        guard let fleet, findings.list.isEmpty else { throw TopologyError(file: file, findings: findings.sorted) }
        return fleet
    }

    /// The site that a node names, which must be declared.
    static func site(_ node: YAMLNode, among sites: [String]) throws(YAMLError) -> String {
        try node.parsed { text throws(InvalidValue) in
            guard sites.contains(text) else {
                let hint = sites.isEmpty ? " (none is declared)" : Suggestion.phrase(for: text, among: sites)
                throw InvalidValue("unknown site \(quoted(text))\(hint)")
            }
            return text
        }
    }

    private mutating func fleet(_ mapping: YAMLMapping) -> Fleet {
        checkVersion(mapping)
        let name = required("name", mapping) { node throws(YAMLError) in
            try Read.checked(node) { text throws(InvalidValue) in try Words.checkName(text, of: "fleet") }
        }
        var defaults = HostSettings()
        if let node = mapping["defaults"], let inner = findings.mapping(node, allowed: HostSettings.keys) {
            defaults = HostSettings(inner, paths: paths, findings: &findings)
        }
        let sites = self.sites(mapping)
        let links = self.links(mapping, sites: sites)
        let hosts = self.hosts(mapping, reader: HostReader(defaults: defaults, sites: sites, paths: paths))
        return Fleet(name: name ?? "", file: file, sites: sites, links: links, hosts: hosts)
    }

    private mutating func checkVersion(_ mapping: YAMLMapping) {
        _ = required("apiVersion", mapping) { node throws(YAMLError) in
            try Read.checked(node) { text throws(InvalidValue) in
                guard text == Self.version else {
                    throw InvalidValue("this program reads \(Self.version), not \(quoted(text))")
                }
            }
        }
    }

    private mutating func required<Value>(
        _ key: String, _ mapping: YAMLMapping, _ read: (YAMLNode) throws(YAMLError) -> Value
    ) -> Value? {
        findings.collect { () throws(YAMLError) in try read(try mapping.required(key)) }
    }

    private mutating func sites(_ mapping: YAMLMapping) -> [String] {
        guard let inner = findings.value("sites", of: mapping, { node throws(YAMLError) in try node.mapping() }) else {
            return []
        }
        if inner.entries.count > Self.mostSites {
            findings.add(
                "from here on there are more than \(Self.mostSites) sites",
                at: inner.entries[Self.mostSites].keyMark)
        }
        return inner.entries.prefix(Self.mostSites).map { entry in
            _ = findings.passes(entry.key, at: entry.keyMark) { text throws(InvalidValue) in
                try Words.checkName(text, of: "site")
            }
            _ = findings.mapping(entry.value, allowed: [])
            return entry.key
        }
    }

    private mutating func links(_ mapping: YAMLMapping, sites: [String]) -> [Link] {
        guard let items = findings.value("links", of: mapping, { node throws(YAMLError) in try node.sequence() }) else {
            return []
        }
        var reader = LinkReader(sites: sites)
        return items.compactMap { reader.read($0, findings: &findings) }
    }

    private mutating func hosts(_ mapping: YAMLMapping, reader: HostReader) -> [ResolvedHost] {
        guard let inner = required("hosts", mapping, { node throws(YAMLError) in try node.mapping() }) else {
            return []
        }
        if inner.entries.isEmpty { findings.add("'hosts' is empty: name at least one host", at: inner.mark) }
        var names = HostNames(most: Self.mostHosts)
        return inner.entries.flatMap { entry in
            reader.read(entry, names: names.expand(entry, findings: &findings), findings: &findings)
        }
    }
}
