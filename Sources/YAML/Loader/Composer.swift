/// Builds the tree from the events. Recursion is bounded by the depth limit.
struct Composer: ~Copyable {
    private enum Anchor {
        case open
        case closed(Built)
    }

    /// A node with its cost, aliases expanded.
    private struct Built {
        var node: YAMLNode
        var nodes = 1
        var height = 0
    }

    private var parser: EventParser
    private let limits: YAMLLimits
    private var anchors: [String: Anchor] = [:]
    private var total = 0

    init(parser: consuming EventParser, limits: YAMLLimits) {
        self.parser = parser
        self.limits = limits
    }

    mutating func document() throws(YAMLError) -> YAMLNode {
        _ = try parser.next()
        let start = try parser.next()
        guard case .documentStart(let hasTagDirectives) = start.kind else {
            return YAMLNode(
                .scalar(YAMLScalar(text: "", style: .plain, tag: .null)), at: YAMLMark(line: 1, column: 1))
        }
        guard !hasTagDirectives else { throw YAMLError("%TAG directives aren't supported", at: start.mark) }
        let root = try node(try parser.next(), depth: 0)
        _ = try parser.next()
        let end = try parser.next()
        guard case .streamEnd = end.kind else {
            throw YAMLError("a second document starts here; only one is allowed", at: end.mark)
        }
        return root.node
    }

    private mutating func node(_ event: Event, depth: Int) throws(YAMLError) -> Built {
        if case .alias(let name) = event.kind { return try alias(name, at: event.mark, depth: depth) }
        try spend(1, at: event.mark)
        if let anchor = event.anchor {
            guard anchors[anchor] == nil else {
                throw YAMLError("the anchor &\(shortened(anchor)) is defined twice", at: event.mark)
            }
            anchors[anchor] = .open
        }
        let built: Built
        switch event.kind {
        case .scalar(let text, let style, let plainImplicit):
            let scalar = try Tagging.scalar(
                text, style: style, plainImplicit: plainImplicit, tag: event.tag, at: event.mark)
            built = Built(node: YAMLNode(.scalar(scalar), at: event.mark))
        case .sequenceStart:
            try Tagging.check(event.tag, is: "seq", at: event.mark)
            built = try sequence(at: event.mark, depth: depth)
        default:
            try Tagging.check(event.tag, is: "map", at: event.mark)
            built = try mapping(at: event.mark, depth: depth)
        }
        if let anchor = event.anchor { anchors[anchor] = .closed(built) }
        return built
    }

    private mutating func sequence(at mark: YAMLMark, depth: Int) throws(YAMLError) -> Built {
        try checkDepth(depth + 1, at: mark)
        var items: [YAMLNode] = []
        var cost = (nodes: 1, height: 1)
        while true {
            let event = try parser.next()
            if case .sequenceEnd = event.kind { break }
            let item = try node(event, depth: depth + 1)
            items.append(item.node)
            cost = (cost.nodes + item.nodes, max(cost.height, item.height + 1))
        }
        return Built(node: YAMLNode(.sequence(items), at: mark), nodes: cost.nodes, height: cost.height)
    }

    private mutating func mapping(at mark: YAMLMark, depth: Int) throws(YAMLError) -> Built {
        try checkDepth(depth + 1, at: mark)
        var entries: [YAMLEntry] = []
        var places: [String: YAMLMark] = [:]
        var cost = (nodes: 1, height: 1)
        while true {
            let event = try parser.next()
            if case .mappingEnd = event.kind { break }
            let key = try node(event, depth: depth + 1)
            let name = try self.key(key.node, event: event)
            if let first = places.updateValue(event.mark, forKey: name) {
                throw YAMLError("duplicate key \(quoted(name)), first at \(first)", at: event.mark)
            }
            let value = try node(try parser.next(), depth: depth + 1)
            entries.append(YAMLEntry(key: name, keyMark: event.mark, value: value.node))
            cost = (cost.nodes + key.nodes + value.nodes, max(cost.height, value.height + 1))
        }
        return Built(node: YAMLNode(.mapping(entries), at: mark), nodes: cost.nodes, height: cost.height)
    }

    private func key(_ node: YAMLNode, event: Event) throws(YAMLError) -> String {
        guard case .scalar(let scalar) = node.content else {
            throw YAMLError("a key must be a plain value, not \(node.phrase)", at: event.mark)
        }
        if scalar.style == .plain && scalar.text == "<<" {
            throw YAMLError(
                "merge keys (<<) aren't supported: write the keys out, or alias a whole value (key: *name)",
                at: event.mark)
        }
        guard !scalar.text.isEmpty else { throw YAMLError("a key is missing before ':'", at: event.mark) }
        return scalar.text
    }

    private mutating func alias(_ name: String, at mark: YAMLMark, depth: Int) throws(YAMLError) -> Built {
        switch anchors[name] {
        case nil: throw YAMLError("the alias *\(shortened(name)) has no anchor before it", at: mark)
        case .open: throw YAMLError("the alias *\(shortened(name)) stands inside its own anchor (a cycle)", at: mark)
        case .closed(let built):
            try checkDepth(depth + built.height, at: mark)
            try spend(built.nodes, at: mark)
            return built
        }
    }

    private mutating func spend(_ count: Int, at mark: YAMLMark) throws(YAMLError) {
        total += count
        guard total <= limits.nodes else {
            throw YAMLError("the document has more than \(limits.nodes) nodes, aliases written out", at: mark)
        }
    }

    private func checkDepth(_ depth: Int, at mark: YAMLMark) throws(YAMLError) {
        guard depth <= limits.depth else {
            throw YAMLError("lists and mappings are nested deeper than \(limits.depth)", at: mark)
        }
    }
}
