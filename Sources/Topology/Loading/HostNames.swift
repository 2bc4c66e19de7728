import YAML

/// Expands the keys of `hosts` and sees that every name is there once.
struct HostNames {
    private let most: Int
    private var total = 0
    private var places: [String: YAMLMark] = [:]

    init(most: Int) { self.most = most }

    /// The names of one entry, or none with a finding: where a name is bad or taken, or where there are too many.
    mutating func expand(_ entry: YAMLEntry, findings: inout Findings) -> [String]? {
        var range: BracketRange?
        let isShaped = findings.passes(entry.key, at: entry.keyMark) { text throws(InvalidValue) in
            range = try BracketRange(parsing: text)
        }
        guard isShaped, let range else { return nil }
        let before = total
        total += range.count
        guard total <= most else {
            if before <= most { findings.add("from here on there are more than \(most) hosts", at: entry.keyMark) }
            return nil
        }
        let names = range.expanded()
        return names.count { take($0, at: entry.keyMark, findings: &findings) } == names.count ? names : nil
    }

    private mutating func take(_ name: String, at mark: YAMLMark, findings: inout Findings) -> Bool {
        guard findings.passes(name, at: mark, HostName.check) else { return false }
        // Names of hosts differ by more than case, since DNS doesn't tell case apart.
        guard let first = places[name.lowercased()] else {
            places[name.lowercased()] = mark
            return true
        }
        findings.add("the host '\(name)' is declared twice, first at \(first)", at: mark, related: first)
        return false
    }
}
