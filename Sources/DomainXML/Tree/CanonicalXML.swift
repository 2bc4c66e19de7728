import CXML2

/// The canonical form of a document (Canonical XML 1.1, with comments), for comparing two documents.
///
/// Attribute order, quotes, entity notation and empty-element notation don't matter; text, order of elements and
/// comments do.
public struct CanonicalXML: Sendable, Hashable {
    /// The canonical text.
    public let text: String

    /// - Parameters:
    ///   - ignored: XPath expressions of elements and attributes to leave out; an element goes with the white space
    ///     before it. The prefix `kc` stands for this project's own namespace.
    ///   - ignoringBlanks: leave out white space between elements, for documents that libvirt has laid out anew.
    public init(
        of xml: String, ignoring ignored: [String] = [], ignoringBlanks: Bool = false
    ) throws(DomainXMLError) {
        let tree = try XMLTree(parsing: xml)
        for expression in ignored { try tree.remove(matching: expression) }
        if ignoringBlanks { try tree.remove(matching: "//text()[normalize-space(.) = '']") }
        text = try tree.canonicalText()
    }
}

extension XMLTree {
    func canonicalText() throws(DomainXMLError) -> String {
        var bytes: UnsafeMutablePointer<xmlChar>?
        let length = xmlC14NDocDumpMemory(document, nil, Int32(XML_C14N_1_1.rawValue), nil, 1, &bytes)
        guard length >= 0, let bytes else { throw .libraryFailure("xmlC14NDocDumpMemory") }
        defer { kc_xml_free(bytes) }
        return String(decoding: UnsafeBufferPointer(start: bytes, count: Int(length)), as: UTF8.self)
    }

    /// Removes elements, attributes or text that an XPath expression selects.
    func remove(matching expression: String) throws(DomainXMLError) {
        guard let context = xmlXPathNewContext(document) else { throw .libraryFailure("xmlXPathNewContext") }
        defer { xmlXPathFreeContext(context) }
        // Otherwise libxml2 prints what is wrong with an expression.
        context.pointee.error = { _, _ in }
        xmlXPathRegisterNs(context, "kc", OwnMetadata.namespace)
        guard let result = xmlXPathEvalExpression(expression, context) else {
            throw .unusableValue(field: "the expression of what to ignore", expected: "an XPath expression")
        }
        defer { xmlXPathFreeObject(result) }
        guard let set = result.pointee.nodesetval, let table = set.pointee.nodeTab else { return }
        xmlXPathNodeSetSort(set)
        // From the end, so that a nested match is gone before its ancestor takes it along.
        for index in stride(from: Int(set.pointee.nodeNr) - 1, through: 0, by: -1) {
            guard let raw = table[index] else { continue }
            table[index] = nil
            switch raw.pointee.type {
            case XML_ATTRIBUTE_NODE:
                raw.withMemoryRebound(to: xmlAttr.self, capacity: 1) { _ = xmlRemoveProp($0) }
            case XML_ELEMENT_NODE: XMLNode(tree: self, raw: raw).remove()
            default:
                xmlUnlinkNode(raw)
                xmlFreeNode(raw)
            }
        }
    }
}
