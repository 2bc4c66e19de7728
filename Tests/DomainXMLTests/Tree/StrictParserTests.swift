import Testing

@testable import DomainXML

/// A text that must be refused.
struct BadInput: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let error: DomainXMLError
    var testDescription: String { name }

    init(_ name: String, _ text: String, _ fault: XMLFault, line: Int?) {
        self.init(name, bytes: Array(text.utf8), .refused(fault, line: line))
    }

    init(_ name: String, bytes: [UInt8], _ error: DomainXMLError) {
        self.name = name
        self.bytes = bytes
        self.error = error
    }

    static let secret = "root:x:0:0"
    private static let valid = "<domain>\n<name>a</name>\n</domain>"
    private static let external = "<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>\n"
    private static let laughs = """
        <?xml version="1.0"?>
        <!DOCTYPE domain [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
        <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>
        <domain>&d;</domain>
        """

    static let all: [BadInput] = [
        BadInput("nothing", "", .empty, line: nil),
        BadInput("white space only", " \n\t\r\n ", .empty, line: nil),
        BadInput("no element", "<!-- only a comment -->", .empty, line: 1),
        BadInput("plain text", "no XML at all", .empty, line: 1),
        BadInput("DOCTYPE", "<!DOCTYPE domain>\n\(valid)", .documentType, line: 1),
        BadInput(
            "DOCTYPE with a system id", "<!DOCTYPE d SYSTEM 'http://x.invalid/d'>\(valid)", .documentType, line: 1),
        BadInput("external entity", external + "<domain><name>&x;</name></domain>", .documentType, line: 1),
        BadInput("external entity in an attribute", external + "<domain a='&x;'/>", .documentType, line: 1),
        BadInput(
            "parameter entity", "<!DOCTYPE d [<!ENTITY % p SYSTEM 'file:///etc/passwd'>%p;]><d/>", .documentType,
            line: 1),
        BadInput("billion laughs", laughs, .documentType, line: 2),
        BadInput("cut off in an element", "<domain>\n<name>a</name>\n<uuid>", .unbalancedTags, line: 3),
        BadInput("cut off in a tag", "<domain>\n<name>a</name>\n<uu", .unbalancedTags, line: 3),
        BadInput("cut off in an attribute", "<domain>\n<a b='c", .notWellFormed(code: 40), line: 2),
        BadInput("cut off in a comment", "<domain>\n<!-- a", .notWellFormed(code: 45), line: 2),
        BadInput("wrong end tag", "<domain>\n<a>\n</b></domain>", .unbalancedTags, line: 3),
        BadInput("two roots", valid + "\n" + valid, .contentAfterRoot, line: 4),
        BadInput("text after the root", valid + "\nroot:x:0:0", .contentAfterRoot, line: 4),
        BadInput("duplicate attribute", "<domain>\n<a b='1'\n b='2'/></domain>", .duplicateAttribute, line: 3),
        BadInput("bare ampersand", "<domain>\na & b</domain>", .notWellFormed(code: 68), line: 2),
        BadInput("unknown entity", "<domain>\n&secret;</domain>", .unknownEntity, line: 2),
        BadInput("unknown prefix", "<domain>\n<qemu:arg/></domain>", .unknownNamespacePrefix, line: 2),
        BadInput("control character", "<domain>\n\u{1}</domain>", .invalidCharacter, line: 2),
        BadInput("reference to NUL", "<domain>\n&#0;</domain>", .invalidCharacter, line: 2),
        BadInput("NUL byte", "<domain>\n<name>a\0b</name></domain>", .containsNUL, line: 2),
        BadInput("another encoding", "<?xml version='1.0' encoding='ISO-8859-1'?><domain/>", .foreignEncoding, line: 1),
        BadInput("no such encoding", "<?xml version='1.0' encoding='x-none'?><domain/>", .foreignEncoding, line: 1),
        BadInput(
            "100,000 levels", String(repeating: "<domain>", count: 100_000), .tooDeep(limit: 256), line: 1),
        BadInput(
            "257 levels", String(repeating: "<domain>", count: 257) + String(repeating: "</domain>", count: 257),
            .tooDeep(limit: 256), line: 1),
        BadInput(
            "too many elements", "<domain>\n" + String(repeating: "<a/>", count: 100_000) + "</domain>",
            .tooManyNodes(limit: 100_000), line: 2),
        BadInput(
            "too many attributes in one element",
            "<domain>\n<a " + (0..<300_000).map { "a\($0) = '' " }.joined() + "/>",
            .tooManyAttributes(limit: 256), line: 2),
        BadInput(
            "too many namespaces",
            "<domain " + (0...256).map { "xmlns:n\($0)=\"urn:n\"" }.joined(separator: "\n") + "/>",
            .tooManyAttributes(limit: 256), line: 257),
        BadInput(
            "too many attributes in all",
            "<domain>" + String(repeating: "<a b='' c='' d=''/>", count: 30_000) + "</domain>",
            .tooManyNodes(limit: 100_000), line: 1),
        BadInput(
            "too many comments", "<domain>" + String(repeating: "<!---->", count: 100_001) + "</domain>",
            .tooManyNodes(limit: 100_000), line: 1),
        BadInput(
            "4 MiB and one byte", "<domain>" + String(repeating: " ", count: (4 << 20) - 7), .tooLarge(limit: 4 << 20),
            line: nil),
        BadInput("another root", bytes: Array("<network/>".utf8), .wrongRoot(expected: "domain", line: 1)),
        BadInput(
            "the root in a namespace", bytes: Array("<domain xmlns='urn:x'/>".utf8),
            .wrongRoot(expected: "domain", line: 1)),
        BadInput(
            "bytes that are no UTF-8",
            bytes: Array("<domain>\n<name>".utf8) + [0xC3, 0x28] + Array("</name></domain>".utf8),
            .refused(.notUTF8, line: 2)),
        BadInput(
            "UTF-16", bytes: [0xFF, 0xFE] + "<domain/>".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] },
            .refused(.containsNUL, line: 1)),
    ]
}

@Suite("The strict parser")
struct StrictParserTests {
    @Test("refuses bad input, names the line, and repeats nothing of the text", arguments: BadInput.all)
    func refuses(_ input: BadInput) {
        #expect(throws: input.error) { try DomainDescription(parsing: input.bytes) }
        #expect(throws: input.error) { try IdentityRewrite(name: "b").apply(to: input.bytes) }
        let message = input.error.description
        #expect(!message.contains(BadInput.secret) && !message.contains("secret") && !message.isEmpty)
    }

    @Test("takes 256 levels")
    func depthLimit() throws {
        let xml = String(repeating: "<a>", count: 256) + String(repeating: "</a>", count: 256)
        #expect(try XMLTree(parsing: xml).root.name == "a")
    }

    @Test(
        "takes 256 attributes, and doesn't count what is none",
        arguments: [
            (0..<256).map { "a\($0)='x > = \"'" }.joined(separator: " "),
            "a=\"" + String(repeating: "b='c' ", count: 300) + "\"",
        ])
    func attributeLimit(_ attributes: String) throws {
        let text = String(repeating: "b='c' ", count: 300)
        let xml = "<domain \(attributes)><!-- \(String(repeating: "=", count: 300)) -->\(text)</domain>"
        #expect(try XMLTree(parsing: xml).root.name == "domain")
    }

    @Test(
        "keeps tighter limits",
        arguments: [XMLLimits(bytes: 20), XMLLimits(depth: 2), XMLLimits(nodes: 2), XMLLimits(attributes: 0)])
    func limits(_ limits: XMLLimits) throws {
        let xml = Array("<domain><a c=''><b/></a></domain>".utf8)
        #expect(throws: DomainXMLError.self) { try XMLTree(parsing: xml, limits: limits) }
        #expect(try XMLTree(parsing: xml).root.child("a", "b") != nil)
    }
}

@Suite("Serialisation")
struct SerialisationTests {
    @Test(
        "gives back what it doesn't touch",
        arguments: [
            "<domain/>", "<domain/>\n", "<?xml version='1.0'?>\n<domain/>\n\n", "<?xml version=\"1.0\"?><domain/>",
            "<!-- a -->\n<domain/>\n<!-- b -->", "\u{FEFF}<domain/>", "<domain>\n  <a b=\"c\"/>\n\t<d>e</d>\n</domain>",
            "<domain><![CDATA[<&>]]></domain>", "<domain a=\"&lt;&quot;&#10;&#9;\">&lt;&amp;&gt;&#13;</domain>",
            "<domain>Überlingen 日本語 🐧</domain>", "<domain xmlns:q=\"urn:q\"><q:a q:b=\"c\"/></domain>",
            "<domain><?p q?></domain>",
        ])
    func roundTrip(_ xml: String) throws {
        #expect(try XMLTree(parsing: xml).serialized() == xml)
    }
}
