/// A mapping with look-up by key, for decoding.
public struct YAMLMapping: Sendable {
    /// The entries in the file's order.
    public let entries: [YAMLEntry]
    /// Where the mapping starts.
    public let mark: YAMLMark
    private let index: [String: Int]

    init(_ entries: [YAMLEntry], at mark: YAMLMark) {
        self.entries = entries
        self.mark = mark
        index = Dictionary(entries.enumerated().map { ($1.key, $0) }) { first, _ in first }
    }

    /// The value of a key, or nil where the key isn't there. An empty value is there, and null.
    public subscript(key: String) -> YAMLNode? { entry(key)?.value }

    /// The entry of a key, with the key's place.
    public func entry(_ key: String) -> YAMLEntry? { index[key].map { entries[$0] } }

    /// The value of a key that must be there.
    public func required(_ key: String) throws(YAMLError) -> YAMLNode {
        guard let value = self[key] else { throw YAMLError("the key '\(key)' is missing", at: mark) }
        return value
    }

    /// One error for each key that isn't among `allowed`, with the nearest allowed key as a suggestion.
    public func unknownKeys(allowed: [String]) -> [YAMLError] {
        entries.filter { !allowed.contains($0.key) }.map { entry in
            YAMLError(
                "unknown key \(quoted(entry.key))\(Suggestion.phrase(for: entry.key, among: allowed))",
                at: entry.keyMark)
        }
    }
}

extension YAMLNode {
    /// The node as a mapping with any keys.
    public func mapping() throws(YAMLError) -> YAMLMapping {
        guard case .mapping(let entries) = content else { throw mismatch("a mapping") }
        return YAMLMapping(entries, at: mark)
    }

    /// The node as a mapping that has no other keys than these. The first unknown key is thrown;
    /// `YAMLMapping.unknownKeys` gives all of them.
    public func mapping(allowing allowed: [String]) throws(YAMLError) -> YAMLMapping {
        let mapping = try mapping()
        if let error = mapping.unknownKeys(allowed: allowed).first { throw error }
        return mapping
    }

    /// The node as a list.
    public func sequence() throws(YAMLError) -> [YAMLNode] {
        guard case .sequence(let items) = content else { throw mismatch("a list") }
        return items
    }

    /// The error for a node that isn't what was expected.
    public func mismatch(_ expected: String) -> YAMLError {
        YAMLError("expected \(expected), found \(phrase)", at: mark)
    }
}
