/// How many columns a terminal gives to a text.
public enum DisplayWidth {
    /// Columns of `text`: wide East Asian characters and emoji count two, combining marks, control characters and
    /// ANSI escape sequences none.
    public static func of(_ text: String) -> Int {
        var width = 0
        var scanner = EscapeScanner()
        for character in text where !scanner.swallows(character) { width += of(character) }
        return width
    }

    /// `text` cut to at most `width` columns, with `ellipsis` in place of what is missing. Escape sequences are kept,
    /// so that a colour which began before the cut also ends.
    public static func truncate(_ text: String, to width: Int, ellipsis: String = "…") -> String {
        guard of(text) > width else { return text }
        let room = width - of(ellipsis)
        guard room >= 0 else { return "" }
        var result = ""
        var used = 0
        var isFull = false
        var scanner = EscapeScanner()
        for character in text {
            if scanner.swallows(character) {
                result.append(character)
                continue
            }
            let columns = of(character)
            if !isFull, used + columns > room {
                isFull = true
                result += ellipsis
            }
            if !isFull {
                result.append(character)
                used += columns
            }
        }
        return result
    }

    /// `text` with spaces added up to `width` columns.
    public static func pad(_ text: String, to width: Int, right: Bool = false) -> String {
        let fill = String(repeating: " ", count: max(0, width - of(text)))
        return right ? fill + text : text + fill
    }

    static func of(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        if character.unicodeScalars.contains(where: { $0.value == 0xfe0f }) { return 2 }
        let properties = first.properties
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: return isWide(first.value) || properties.isEmojiPresentation ? 2 : 1
        }
    }

    /// Ranges with the East Asian widths W and F of Unicode's EastAsianWidth.txt, emoji left to their own property.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff, 0xa000...0xa4cf,
        0xa960...0xa97f, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe10...0xfe19, 0xfe30...0xfe6f, 0xff01...0xff60,
        0xffe0...0xffe6, 0x16fe0...0x18dff, 0x1aff0...0x1b2ff, 0x20000...0x3fffd,
    ]

    private static func isWide(_ scalar: UInt32) -> Bool {
        scalar >= 0x1100 && wide.contains { $0.contains(scalar) }
    }
}

/// Recognizes the parts of ANSI control sequences (ESC [ … letter), character by character.
struct EscapeScanner {
    private enum State { case text, escape, sequence }
    private var state = State.text

    /// True when `character` belongs to an escape sequence.
    mutating func swallows(_ character: Character) -> Bool {
        switch state {
        case .text:
            guard character == "\u{1b}" else { return false }
            state = .escape
        case .escape:
            state = character == "[" ? .sequence : .text
        case .sequence:
            if let value = character.asciiValue, (0x40...0x7e).contains(value) { state = .text }
        }
        return true
    }
}
