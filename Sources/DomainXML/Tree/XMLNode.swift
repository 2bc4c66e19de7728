import CXML2

/// An element of a tree. Valid until it is removed.
struct XMLNode {
    let tree: XMLTree
    let raw: UnsafeMutablePointer<xmlNode>

    /// The local name.
    var name: String { string(raw.pointee.name) ?? "" }

    /// The namespace's URI; nil for libvirt's own elements.
    var namespace: String? { raw.pointee.ns.flatMap { string($0.pointee.href) } }

    /// The line of the start tag, from 1.
    var line: Int { Int(xmlGetLineNo(raw)) }

    /// The place as an XPath expression.
    var path: String { owned(xmlGetNodePath(raw)) ?? name }

    /// All text in the element, CDATA included.
    var text: String { owned(xmlNodeGetContent(raw)) ?? "" }

    /// The text without white space at both ends; nil when nothing is left.
    var value: String? {
        let trimmed = text.trimmingBlanks()
        return trimmed.isEmpty ? nil : trimmed
    }

    var elements: [XMLNode] {
        sequence(first: raw.pointee.children, next: { $0?.pointee.next })
            .prefix { $0 != nil }
            .compactMap { $0 }
            .filter { $0.pointee.type == XML_ELEMENT_NODE }
            .map { XMLNode(tree: tree, raw: $0) }
    }

    /// An attribute without namespace.
    subscript(attribute: String) -> String? { owned(xmlGetNoNsProp(raw, attribute)) }

    /// Child elements of libvirt's own (no namespace) with this name.
    func children(_ name: String) -> [XMLNode] {
        elements.filter { $0.name == name && $0.namespace == nil }
    }

    /// The first element down a path of names.
    func child(_ names: String...) -> XMLNode? {
        var node = self
        for name in names {
            guard let next = node.children(name).first else { return nil }
            node = next
        }
        return node
    }

    /// The element as text.
    var serialized: String {
        guard let buffer = xmlBufferCreate() else { return "" }
        defer { xmlBufferFree(buffer) }
        guard xmlNodeDump(buffer, tree.document, raw, 0, 0) >= 0 else { return "" }
        return string(xmlBufferContent(buffer)) ?? ""
    }

    private func string(_ bytes: UnsafePointer<xmlChar>?) -> String? { bytes.map { String(cString: $0) } }

    private func owned(_ bytes: UnsafeMutablePointer<xmlChar>?) -> String? {
        guard let bytes else { return nil }
        defer { kc_xml_free(bytes) }
        return String(cString: bytes)
    }
}

extension String {
    func trimmingBlanks() -> String {
        let isBlank = { (character: Character) in character.isWhitespace }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}

extension XMLNode {
    /// Attributes without a namespace.
    var plainAttributes: [String: String] {
        var found: [String: String] = [:]
        var attribute = raw.pointee.properties
        while let current = attribute {
            if current.pointee.ns == nil, let bytes = current.pointee.name {
                let name = String(cString: bytes)
                found[name] = self[name]
            }
            attribute = current.pointee.next
        }
        return found
    }
}
