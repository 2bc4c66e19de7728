import Testing

@testable import YAML

@Suite("Bounds of documents")
struct LimitTests {
    /// Nine levels of nine aliases each: 9^9 nodes if it were written out.
    static let aliasBomb =
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + zip("bcdefghi", "abcdefgh").map { name, previous in
            "\(name): &\(name) [" + Array(repeating: "*\(previous)", count: 9).joined(separator: ", ") + "]\n"
        }.joined()

    @Test("an alias bomb is refused where it passes the bound on nodes")
    func bomb() {
        let error = #expect(throws: YAMLError.self) { try YAMLLoader.load(Self.aliasBomb) }
        #expect(error?.mark?.line == 6)
        #expect(error?.message == "the document has more than 100000 nodes, aliases written out")
    }

    @Test("aliases deepen the tree: a chain of them is refused at the depth limit")
    func aliasDepth() {
        let chain = "- &a0 []\n" + (1...63).map { "- &a\($0) [*a\($0 - 1)]\n" }.joined()
        let error = #expect(throws: YAMLError.self) { try YAMLLoader.load(chain) }
        #expect(error?.mark == YAMLMark(line: 64, column: 9))
        #expect(error?.message == "lists and mappings are nested deeper than 64")
    }

    @Test("64 levels are taken and 65 refused, in flow and in block style")
    func depth() throws {
        func flow(_ levels: Int) -> String {
            String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        }
        func block(_ levels: Int) -> String { String(repeating: "- ", count: levels) + "x" }
        #expect(throws: Never.self) { try YAMLLoader.load(flow(64)) }
        #expect(throws: Never.self) { try YAMLLoader.load(block(64)) }
        #expect(
            #expect(throws: YAMLError.self) { try YAMLLoader.load(flow(65)) }?.mark == YAMLMark(line: 1, column: 65))
        #expect(
            #expect(throws: YAMLError.self) { try YAMLLoader.load(block(65)) }?.mark == YAMLMark(line: 1, column: 129))
    }

    @Test(
        "nesting as deep as the text is long doesn't cost more than the depth limit", arguments: ["[", "{", "- ", "? "])
    func deepText(opening: String) {
        let text = String(repeating: opening, count: 500_000)
        #expect(throws: YAMLError.self) { try YAMLLoader.load(text) }
    }

    @Test("one node over the bound is refused, keys count, the bound itself is taken")
    func nodes() throws {
        let limits = YAMLLimits(nodes: 5)
        #expect(throws: Never.self) { try YAMLLoader.load("a: 1\nb: 2", limits: limits) }
        let error = #expect(throws: YAMLError.self) { try YAMLLoader.load("a: 1\nb: [2]", limits: limits) }
        #expect(error?.mark == YAMLMark(line: 2, column: 5))
    }

    @Test("one byte over the bound is refused, the bound itself is taken")
    func bytes() throws {
        let limits = YAMLLimits(bytes: 8)
        #expect(throws: Never.self) { try YAMLLoader.load("a: 12345", limits: limits) }
        let error = #expect(throws: YAMLError.self) { try YAMLLoader.load("a: 123456", file: "f", limits: limits) }
        #expect(error?.description == "f: the text is longer than 8 bytes")
    }
}
