import Testing

@testable import YAML

@Suite("Loading documents")
struct LoadTests {
    @Test("mappings keep their order, and every node its place")
    func orderAndMarks() throws {
        let root = try YAMLLoader.load("b: 1\na:\n  - x\n  - { y: 'z' }\n")
        let top = try root.mapping()
        #expect(top.entries.map(\.key) == ["b", "a"])
        #expect(top.entries[1].keyMark == YAMLMark(line: 2, column: 1))
        let items = try top.required("a").sequence()
        #expect(items.map(\.mark) == [YAMLMark(line: 3, column: 5), YAMLMark(line: 4, column: 5)])
        let inner = try items[1].mapping()
        #expect(inner["y"]?.mark == YAMLMark(line: 4, column: 10))
    }

    @Test(
        "plain scalars follow the core schema of YAML 1.2",
        arguments: [
            ("~", YAMLTag.null), ("null", .null), ("NULL", .null), ("true", .boolean), ("False", .boolean),
            ("yes", .string), ("off", .string), ("nUll", .string), ("12", .integer), ("-7", .integer), ("+7", .integer),
            ("0x1F", .integer), ("0o17", .integer), ("0x", .string), ("0o8", .string), ("022", .integer),
            ("1_000", .string), ("12:30:45", .string), ("1.5", .float), (".5", .float), ("5.", .float),
            ("1e3", .float), ("-1.5E-3", .float), ("1e", .string), (".", .string), ("-", .string), ("+.inf", .float),
            (".NaN", .float), (".nAn", .string), ("10.0.0.4", .string), ("50M", .string), ("2025-01-01", .string),
        ])
    func coreSchema(text: String, tag: YAMLTag) {
        #expect(CoreSchema.tag(ofPlain: text) == tag)
    }

    @Test(
        "quotes, block styles and tags decide what a scalar is",
        arguments: [
            ("'12'", YAMLTag.string, "12"), ("\"12\"", .string, "12"), ("!!str 12", .string, "12"),
            ("! 12", .string, "12"), ("!!int 12", .integer, "12"), ("!!float 12", .float, "12"),
            ("!!bool 'true'", .boolean, "true"), ("!!null ''", .null, ""),
            ("|\n  a\n  b\n", .string, "a\nb\n"), (">\n  a\n  b\n", .string, "a b\n"),
            ("\"\\u00e4\\t\\/\"", .string, "ä\t/"),
        ])
    func styles(text: String, tag: YAMLTag, value: String) throws {
        guard case .scalar(let scalar) = try YAMLLoader.load(text).content else {
            Issue.record("not a scalar")
            return
        }
        #expect(scalar.tag == tag)
        #expect(scalar.text == value)
    }

    @Test("an alias gives the anchor's value, with the anchor's place")
    func aliases() throws {
        let root = try YAMLLoader.load("a: &x [1, 2]\nb: *x\n")
        let top = try root.mapping()
        #expect(top["a"] == top["b"])
        #expect(top["b"]?.mark == YAMLMark(line: 1, column: 4))
    }

    @Test(
        "an empty text, comments and a bare document are null at 1:1 or at their place",
        arguments: ["", "# x\n", "---\n"])
    func empty(text: String) throws {
        #expect(try YAMLLoader.load(text).isNull)
    }

    @Test("a byte order mark is skipped and doesn't shift columns")
    func byteOrderMark() throws {
        let root = try YAMLLoader.load(bytes: [0xEF, 0xBB, 0xBF] + Array("a: b".utf8))
        #expect(try root.mapping()["a"]?.mark == YAMLMark(line: 1, column: 4))
    }

    @Test("JSON is read too")
    func json() throws {
        let value = YAMLValue(try YAMLLoader.load(#"{"a": [1, 2.5, true, null, "x\n"], "b": {}}"#))
        #expect(value == ["a": [1, 2.5, true, nil, "x\n"], "b": [:]])
    }

    @Test("a file that can't be read is named with the reason")
    func unreadable() {
        let error = #expect(throws: YAMLError.self) { try YAMLLoader.load(contentsOf: "/nonexistent/x.yaml") }
        #expect(error?.description == "/nonexistent/x.yaml: can't be read: No such file or directory")
        #expect(throws: YAMLError.self) { try YAMLLoader.load(contentsOf: "/") }
    }

    @Test("an endless file is read no further than the limit")
    func endless() {
        let error = #expect(throws: YAMLError.self) { try YAMLLoader.load(contentsOf: "/dev/zero") }
        #expect(error?.description == "/dev/zero: the text is longer than 1048576 bytes")
    }
}
