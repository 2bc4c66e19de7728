/// A domain XML after a rewrite, with what changed.
public struct RewrittenXML: Sendable, Equatable {
    /// One changed node.
    public struct Change: Sendable, Equatable, Codable {
        /// XPath of the node as it was when it changed.
        public var path: String
        /// The value before; for a removed element its XML. Nil for an added node.
        public var old: String?
        /// The value after; for an added element its XML. Nil for a removed node.
        public var new: String?
    }

    /// The document.
    public var xml: String
    /// The changes in the order in which they were made. Empty when the document was already as wanted.
    public var changes: [Change]
}

extension IdentityRewrite {
    /// Rewrites a domain XML. Comments, unknown elements, other namespaces and white space stay.
    ///
    /// libxml2 writes the result, so that attributes come out in double quotes and empty elements as `<a/>`.
    public func apply(to xml: String) throws(DomainXMLError) -> RewrittenXML {
        try apply(to: Array(xml.utf8))
    }

    /// The same for bytes of unknown origin, such as a file.
    public func apply(to bytes: [UInt8], limits: XMLLimits = .standard) throws(DomainXMLError) -> RewrittenXML {
        try validate()
        let tree = try XMLTree(parsing: bytes, root: "domain", limits: limits)
        var rewriter = try Rewriter(tree: tree, wanted: self)
        try rewriter.run()
        return RewrittenXML(xml: try tree.serialized(), changes: rewriter.changes)
    }
}
