/// Applies one rewrite to one tree and notes each change.
struct Rewriter {
    let tree: XMLTree
    let domain: XMLNode
    let wanted: IdentityRewrite
    let original: DomainDescription
    private(set) var changes: [RewrittenXML.Change] = []

    init(tree: XMLTree, wanted: IdentityRewrite) throws(DomainXMLError) {
        self.tree = tree
        self.wanted = wanted
        domain = try tree.root
        original = try DomainDescription(reading: domain)
    }

    mutating func run() throws(DomainXMLError) {
        try rewriteInterfaces()
        try rewriteDisks()
        if wanted.freesHostResources { try freeHostResources() }
        try rewriteNVRAM()
        try renamePaths()
        try rewriteIdentity()
        try rewriteNote()
    }

    /// Elements of `<devices>` with a name.
    func devices(_ name: String) -> [XMLNode] { domain.child("devices")?.children(name) ?? [] }

    mutating func set(_ attribute: String, of node: XMLNode, to value: String) throws(DomainXMLError) {
        let old = node[attribute]
        guard old != value else { return }
        try node.set(attribute, to: value)
        changes.append(.init(path: "\(node.path)/@\(attribute)", old: old, new: value))
    }

    mutating func unset(_ attribute: String, of node: XMLNode) {
        guard let old = node[attribute] else { return }
        node.unset(attribute)
        changes.append(.init(path: "\(node.path)/@\(attribute)", old: old, new: nil))
    }

    mutating func setText(of node: XMLNode, to value: String) {
        let old = node.text
        guard old != value else { return }
        node.setText(value)
        changes.append(.init(path: node.path, old: old.isEmpty ? nil : old, new: value))
    }

    mutating func remove(_ node: XMLNode) {
        changes.append(.init(path: node.path, old: node.serialized, new: nil))
        node.remove()
    }

    mutating func noteAdded(_ node: XMLNode) {
        changes.append(.init(path: node.path, old: nil, new: node.serialized))
    }
}
