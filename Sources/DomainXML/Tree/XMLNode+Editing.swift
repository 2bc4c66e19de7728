import CXML2

extension XMLNode {
    func set(_ attribute: String, to value: String) throws(DomainXMLError) {
        guard xmlSetProp(raw, attribute, value) != nil else { throw .libraryFailure("xmlSetProp") }
    }

    func unset(_ attribute: String) {
        if let found = xmlHasNsProp(raw, attribute, nil) { xmlRemoveProp(found) }
    }

    /// Replaces everything in the element by plain text.
    func setText(_ text: String) {
        while let child = raw.pointee.children {
            xmlUnlinkNode(child)
            xmlFreeNode(child)
        }
        xmlNodeAddContent(raw, text)
    }

    /// Removes the element and the white space before it. The node may not be used any more.
    func remove() {
        if let before = raw.pointee.prev, xmlIsBlankNode(before) == 1 {
            xmlUnlinkNode(before)
            xmlFreeNode(before)
        }
        xmlUnlinkNode(raw)
        xmlFreeNode(raw)
    }

    /// Adds an element after a sibling, or as the last one, indented like its neighbours.
    func add(_ name: String, after sibling: XMLNode? = nil) throws(DomainXMLError) -> XMLNode {
        guard let new = xmlNewDocNode(tree.document, nil, name, nil) else { throw .libraryFailure("xmlNewDocNode") }
        if let neighbour = sibling ?? elements.last {
            let indent = neighbour.blankBefore
            xmlAddNextSibling(neighbour.raw, new)
            if let indent { insertBlank(indent, before: new) }
        } else if raw.pointee.children == nil || isBlankInside, let indent = blankBefore {
            setText("")
            xmlAddChild(raw, new)
            insertBlank(indent + "  ", before: new)
            xmlAddChild(raw, xmlNewDocText(tree.document, indent))
        } else {
            xmlAddChild(raw, new)
        }
        return XMLNode(tree: tree, raw: new)
    }

    /// Adds an element before all others, indented like them.
    func addFirst(_ name: String) throws(DomainXMLError) -> XMLNode {
        guard let first = elements.first else { return try add(name) }
        guard let new = xmlNewDocNode(tree.document, nil, name, nil) else { throw .libraryFailure("xmlNewDocNode") }
        let indent = first.blankBefore
        xmlAddPrevSibling(first.raw, new)
        if let indent { insertBlank(indent, before: first.raw) }
        return XMLNode(tree: tree, raw: new)
    }

    /// Moves the element, and all without a namespace in it, into a namespace declared on it.
    func declareNamespace(_ uri: String, prefix: String) throws(DomainXMLError) {
        guard let namespace = xmlNewNs(raw, uri, prefix) else { throw .libraryFailure("xmlNewNs") }
        xmlSetNs(raw, namespace)
    }

    private var blankBefore: String? {
        guard let before = raw.pointee.prev, xmlIsBlankNode(before) == 1, let text = before.pointee.content else {
            return nil
        }
        return String(cString: text)
    }

    private var isBlankInside: Bool {
        guard let only = raw.pointee.children, only.pointee.next == nil else { return false }
        return xmlIsBlankNode(only) == 1
    }

    private func insertBlank(_ blank: String, before node: UnsafeMutablePointer<xmlNode>) {
        if let text = xmlNewDocText(tree.document, blank) { xmlAddPrevSibling(node, text) }
    }
}
