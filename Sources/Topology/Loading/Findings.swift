import YAML

/// Collects what is wrong while reading goes on. An aliased node is read several times and reported once.
struct Findings {
    private var seen: Set<Finding> = []
    private(set) var list: [Finding] = []

    mutating func add(_ message: String, at mark: YAMLMark?, related: YAMLMark? = nil) {
        let finding = Finding(message, at: mark, related: related)
        if seen.insert(finding).inserted { list.append(finding) }
    }

    mutating func add(_ error: YAMLError) { add(error.message, at: error.mark) }

    /// The value, or nil and a finding.
    mutating func collect<Value>(_ read: () throws(YAMLError) -> Value) -> Value? {
        do {
            return try read()
        } catch {
            add(error)
            return nil
        }
    }

    /// True if a text passes its check; else a finding at its place.
    mutating func passes(
        _ text: String, at mark: YAMLMark, _ check: (String) throws(InvalidValue) -> Void
    ) -> Bool {
        do {
            try check(text)
            return true
        } catch {
            add(error.message, at: mark)
            return false
        }
    }

    /// The node as a mapping, or an empty one where it is null, with a finding for each unknown key.
    mutating func mapping(_ node: YAMLNode, allowed: [String]) -> YAMLMapping? {
        let node = node.isNull ? YAMLNode(.mapping([]), at: node.mark) : node
        guard let mapping = collect({ () throws(YAMLError) in try node.mapping() }) else { return nil }
        for error in mapping.unknownKeys(allowed: allowed) { add(error) }
        return mapping
    }

    /// The value of a key where it is there and right.
    mutating func value<Value>(
        _ key: String, of mapping: YAMLMapping, _ read: (YAMLNode) throws(YAMLError) -> Value
    ) -> Value? {
        guard let node = mapping[key] else { return nil }
        return collect { () throws(YAMLError) in try read(node) }
    }

    /// All findings in the file's order.
    var sorted: [Finding] {
        list.enumerated().sorted { left, right in
            let (a, b) = (left.element.mark, right.element.mark)
            return a == b ? left.offset < right.offset : (a ?? Self.start) < (b ?? Self.start)
        }.map(\.element)
    }

    private static let start = YAMLMark(line: 0, column: 0)
}
