import Testing

@testable import Interface

@Suite struct DisplayWidthTests {
    @Test(
        "texts take the columns that a terminal gives them",
        arguments: [
            ("", 0), ("web01", 5), ("日本", 4), ("한글", 4), ("e\u{301}", 1), ("🚀", 2), ("❤️", 2), ("→", 1), ("█▌", 2),
            ("\u{1b}[31mred\u{1b}[0m", 3), ("a\u{200b}b", 2), ("ｆ", 2),
        ])
    func width(text: String, expected: Int) { #expect(DisplayWidth.of(text) == expected) }

    @Test(
        "truncating never exceeds the width and says that something is missing",
        arguments: [
            ("web01", 5, "web01"), ("web01", 4, "web…"), ("日本語", 4, "日…"), ("日本語", 5, "日本…"), ("abc", 1, "…"),
            ("abc", 0, ""), ("\u{1b}[31mabcdef\u{1b}[0m", 4, "\u{1b}[31mabc…\u{1b}[0m"),
        ])
    func truncation(text: String, width: Int, expected: String) {
        let result = DisplayWidth.truncate(text, to: width)
        #expect(result == expected)
        #expect(DisplayWidth.of(result) <= width)
    }

    @Test("padding counts columns, not characters")
    func padding() {
        #expect(DisplayWidth.pad("日本", to: 6) == "日本  ")
        #expect(DisplayWidth.pad("7", to: 3, right: true) == "  7")
        #expect(DisplayWidth.pad("long", to: 2) == "long")
    }
}
