import DomainXML
import Testing

@Suite("The canonical form")
struct CanonicalXMLTests {
    @Test(
        "is the same for other notations of the same thing",
        arguments: [
            ("<a b='1' c='2'/>", "<a c=\"2\" b=\"1\"></a>"), ("<a>&#65;&lt;</a>", "<a><![CDATA[A<]]></a>"),
            ("<?xml version='1.0'?>\n<a/>\n", "<a/>"), ("<a b=' '/>", "<a b='&#32;'/>"),
        ])
    func same(_ left: String, _ right: String) throws {
        #expect(try CanonicalXML(of: left) == CanonicalXML(of: right))
    }

    @Test(
        "differs for other contents",
        arguments: [
            ("<a>1</a>", "<a>2</a>"), ("<a><b/><c/></a>", "<a><c/><b/></a>"), ("<a><!--x--></a>", "<a/>"),
            ("<a> <b/></a>", "<a><b/></a>"), ("<a b='1'/>", "<a/>"),
        ])
    func different(_ left: String, _ right: String) throws {
        #expect(try CanonicalXML(of: left) != CanonicalXML(of: right))
    }

    @Test("leaves out what an expression names, nested matches too")
    func ignoring() throws {
        let xml = "<a>\n  <b><b/></b>\n  <c d='1' e='2'/>\n</a>"
        #expect(try CanonicalXML(of: xml, ignoring: ["//b", "//@d"]).text == "<a>\n  <c e=\"2\"></c>\n</a>")
    }

    @Test("can leave out layout")
    func layout() throws {
        let laidOut = try CanonicalXML(of: "<a>\n  <b> text </b>\n</a>", ignoringBlanks: true)
        #expect(try laidOut == CanonicalXML(of: "<a><b> text </b></a>"))
    }

    @Test("refuses an expression that is none")
    func badExpression() {
        #expect(throws: DomainXMLError.self) { try CanonicalXML(of: "<a/>", ignoring: ["//["]) }
    }
}
