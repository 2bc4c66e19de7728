import Testing

@testable import YAML

/// A bad text, where its fault lies and what must be said about it.
struct BadText: Sendable, CustomTestStringConvertible {
    let title: String
    let bytes: [UInt8]
    let place: String?
    let message: String

    init(_ title: String, _ text: String, at place: String?, _ message: String) {
        self.init(title, bytes: Array(text.utf8), at: place, message)
    }

    init(_ title: String, bytes: [UInt8], at place: String?, _ message: String) {
        self.title = title
        self.bytes = bytes
        self.place = place
        self.message = message
    }

    var testDescription: String { title }
}

@Suite("Refusing documents")
struct RejectionTests {
    static let syntax = [
        BadText("unclosed list", "a: [1, 2\nb: 3", at: "2:2", "did not find expected ',' or ']'"),
        BadText("bad indentation", "a: 1\n b: 2", at: "2:3", "mapping values are not allowed"),
        BadText("tab as indentation", "a:\n\tb: 2", at: "2:1", "tabs can't indent"),
        BadText("unclosed quote", "a: 'x", at: "1:6", "end of stream"),
        BadText("bad escape", "a: \"\\q\"", at: "1:5", "unknown escape character"),
        BadText("lone surrogate", "a: \"\\ud800\"", at: "1:7", "invalid Unicode character"),
        BadText("list item in a mapping", "a: 1\n- b", at: "2:1", "did not find expected key"),
    ]

    static let rules = [
        BadText("duplicate key", "a: 1\nb: 2\na: 3\n", at: "3:1", "duplicate key 'a', first at 1:1"),
        BadText("duplicate in flow", "x: {k: 1, 'k': 2}", at: "1:11", "duplicate key 'k', first at 1:5"),
        BadText("duplicate by alias", "&k a: 1\n*k : 2\n", at: "2:1", "duplicate key 'a', first at 1:1"),
        BadText("second document", "a: 1\n---\nb: 2\n", at: "2:1", "a second document starts here"),
        BadText("merge key", "a: &x {k: 1}\nb:\n  <<: *x\n", at: "3:3", "merge keys (<<) aren't supported"),
        BadText("application tag", "a: !thing 1", at: "1:4", "the tag !thing isn't supported"),
        BadText("binary tag", "a: !!binary aGk=", at: "1:4", "the tag tag:yaml.org,2002:binary isn't supported"),
        BadText("tag on a mapping", "a: !!set {x}", at: "1:4", "isn't supported"),
        BadText("scalar tag on a list", "a: !!str [x]", at: "1:4", "isn't supported"),
        BadText("false tag", "a: !!int x", at: "1:4", "'x' is tagged as an integer, but it isn't"),
        BadText("tag directive", "%TAG !e! tag:e,2000:\n---\na: 1", at: "1:1", "%TAG directives aren't supported"),
        BadText("list as key", "? [a]\n: 1", at: "1:3", "a key must be a plain value, not a list"),
        BadText("empty key", "a: 1\n?\n: 2\n", at: "2:2", "a key is missing"),
        BadText("NUL by escape", "a: \"x\\0\"", at: "1:4", "NUL"),
        BadText("unknown alias", "a: *x", at: "1:4", "the alias *x has no anchor before it"),
        BadText("alias before anchor", "a: *x\nb: &x 1", at: "1:4", "has no anchor before it"),
        BadText("anchor twice", "a: &x 1\nb: &x 2", at: "2:4", "the anchor &x is defined twice"),
        BadText("cycle in a list", "a: &x\n  - 1\n  - *x\n", at: "3:5", "a cycle"),
        BadText("cycle in a mapping", "&x a: &y\n  b: { c: *y }\n", at: "2:11", "a cycle"),
    ]

    static let encoding = [
        BadText("stray byte", bytes: Array("a: b\nc: ".utf8) + [0xFF], at: "2:4", "isn't valid UTF-8"),
        BadText("cut sequence", bytes: Array("ä: ".utf8) + [0xC3], at: "1:4", "isn't valid UTF-8"),
        BadText("overlong", bytes: [0x61, 0x3A, 0x20, 0xC0, 0x80], at: "1:4", "isn't valid UTF-8"),
        BadText("surrogate", bytes: [0xED, 0xA0, 0x80], at: "1:1", "isn't valid UTF-8"),
        BadText("UTF-16", bytes: [0xFF, 0xFE, 0x61, 0x00], at: "1:1", "isn't valid UTF-8"),
        BadText("UTF-16 without mark", bytes: [0x61, 0x00, 0x3A, 0x00], at: "1:2", "U+0000"),
        BadText("NUL", "a: b\r\nc: \0", at: "2:4", "the character U+0000 isn't allowed"),
        BadText("control character", "a: \u{1B}[31m", at: "1:4", "the character U+001B isn't allowed"),
        BadText("byte order mark inside", "a: \u{FEFF}", at: "1:4", "the character U+FEFF isn't allowed"),
    ]

    @Test("faults of syntax have libyaml's words and the place", arguments: syntax)
    func refusesSyntax(bad: BadText) { expect(bad) }

    @Test("what YAML allows and configuration shouldn't is refused at its place", arguments: rules)
    func refusesByRule(bad: BadText) { expect(bad) }

    @Test("anything but clean UTF-8 is refused at its place", arguments: encoding)
    func refusesEncoding(bad: BadText) { expect(bad) }

    @Test("an error names file, line and column")
    func printed() {
        let error = #expect(throws: YAMLError.self) { try YAMLLoader.load("a: 1\na: 2", file: "x.yaml") }
        #expect(error?.description == "x.yaml:2:1: duplicate key 'a', first at 1:1")
        #expect(error?.line == 2)
        #expect(error?.column == 1)
    }

    private func expect(_ bad: BadText) {
        let error = #expect(throws: YAMLError.self) { try YAMLLoader.load(bytes: bad.bytes) }
        #expect(error?.mark?.description == bad.place)
        #expect(error?.message.contains(bad.message) == true, "\(error?.message ?? "no error")")
    }
}
