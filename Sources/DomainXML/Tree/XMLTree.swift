import CXML2

/// Owns one parsed document. Nodes hold the tree, so none outlives it. Not to be shared between threads.
final class XMLTree {
    let document: UnsafeMutablePointer<xmlDoc>
    /// The XML declaration and byte order mark as they stood, and the white space at the end.
    private let prefix: [UInt8]
    private let suffix: [UInt8]

    init(parsing bytes: [UInt8], root expected: String? = nil, limits: XMLLimits = .standard) throws(DomainXMLError) {
        document = try StrictParser.parse(bytes, limits: limits)
        prefix = Self.declaration(of: bytes)
        suffix = Array(bytes[(bytes.lastIndex { !Self.isBlank($0) }.map { $0 + 1 } ?? 0)...])
        guard let expected else { return }
        let root = try root
        guard root.name == expected, root.namespace == nil else {
            throw .wrongRoot(expected: expected, line: root.line)
        }
    }

    convenience init(parsing xml: String, root expected: String? = nil) throws(DomainXMLError) {
        try self.init(parsing: Array(xml.utf8), root: expected)
    }

    deinit { xmlFreeDoc(document) }

    var root: XMLNode {
        get throws(DomainXMLError) {
            guard let raw = xmlDocGetRootElement(document) else { throw .refused(.empty, line: nil) }
            return XMLNode(tree: self, raw: raw)
        }
    }

    /// The whole document as text. libxml2 writes attributes in double quotes and closes empty elements with `/>`.
    func serialized() throws(DomainXMLError) -> String {
        guard let buffer = xmlBufferCreate() else { throw .libraryFailure("xmlBufferCreate") }
        defer { xmlBufferFree(buffer) }
        let options = Int32(bitPattern: XML_SAVE_NO_DECL.rawValue | XML_SAVE_AS_XML.rawValue)
        guard let context = xmlSaveToBuffer(buffer, "UTF-8", options) else { throw .libraryFailure("xmlSaveToBuffer") }
        let written = xmlSaveDoc(context, document)
        guard xmlSaveClose(context) >= 0, written >= 0, let content = xmlBufferContent(buffer) else {
            throw .libraryFailure("xmlSaveDoc")
        }
        var body = Array(UnsafeBufferPointer(start: content, count: Int(xmlBufferLength(buffer))))
        while let last = body.last, Self.isBlank(last) { body.removeLast() }
        return String(decoding: prefix + body + suffix, as: UTF8.self)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private static func declaration(of bytes: [UInt8]) -> [UInt8] {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let start = bytes.starts(with: mark) ? mark.count : 0
        let opening = Array("<?xml".utf8)
        guard bytes.dropFirst(start).starts(with: opening), bytes.count > start + opening.count,
            isBlank(bytes[start + opening.count]), let close = bytes.firstIndex(of: UInt8(ascii: ">"))
        else { return Array(bytes[..<start]) }
        let end = bytes[(close + 1)...].firstIndex { !isBlank($0) } ?? close + 1
        return Array(bytes[..<end])
    }
}
