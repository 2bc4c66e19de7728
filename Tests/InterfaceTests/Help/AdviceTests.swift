import Testing

@testable import Interface

@Suite struct AdviceTests {
    @Test(
        "a slip gets a suggestion, anything else the list",
        arguments: [
            ("clon", "did you mean 'clone'?"), ("lits", "use one of: clone, list"), ("lst", "did you mean 'list'?"),
            ("frobnicate", "use one of: clone, list"),
        ])
    func advice(word: String, expected: String) {
        #expect(Advice.forWord(word, among: ["clone", "list"]) == expected)
    }
}
