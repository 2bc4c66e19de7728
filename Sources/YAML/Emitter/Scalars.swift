/// How single scalars are written.
enum Scalars {
    static func number(_ value: Double) -> String {
        if value.isNaN { return ".nan" }
        if value.isInfinite { return value < 0 ? "-.inf" : ".inf" }
        let text = String(value)
        // YAML 1.1 wants a point before an exponent.
        guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
        return "\(text[..<exponent]).0\(text[exponent...])"
    }

    /// Plain where every reader takes it as this string, else in double quotes.
    static func string(_ text: String) -> String { isPlainSafe(text) ? text : doubleQuoted(text) }

    private static func isPlainSafe(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        guard let first = scalars.first, let last = scalars.last else { return false }
        guard isWord(first) || first == "/" || first == ".", last != " ", last != ":" else { return false }
        for (position, scalar) in scalars.enumerated().dropFirst() {
            switch scalar {
            case "/", ".", "+", "@", "%", "-", "=", "~", "(", ")", ",", ";": continue
            case " " where scalars[position - 1] != " " && scalars[position - 1] != ":": continue
            case ":": continue
            default: guard isWord(scalar) else { return false }
            }
        }
        return CoreSchema.tag(ofPlain: text) == .string && !isSpecialInYAML11(text)
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_"
            || (scalar.isASCII
                ? scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                : scalar.value < 0x10000 && scalar.properties.isAlphabetic)
    }

    /// Words and numbers that YAML 1.1 doesn't take as strings: yes and no, base 60, dates, digits with underscores.
    private static func isSpecialInYAML11(_ text: String) -> Bool {
        switch text.lowercased() {
        case "y", "n", "yes", "no", "on", "off", "true", "false", "null": return true
        case let word where word.hasPrefix("0x") || word.hasPrefix("0o") || word.hasPrefix("0b"): return true
        default: break
        }
        guard let first = text.utf8.first, (0x30...0x39).contains(first) || first == UInt8(ascii: ".") else {
            return false
        }
        let numeric = text.unicodeScalars.allSatisfy { "0123456789_.:+-eETtZz ".unicodeScalars.contains($0) }
        return numeric && !isDottedQuad(text)
    }

    private static func isDottedQuad(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { ("0"..."9").contains($0) } }
    }

    private static func doubleQuoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\r": out += "\\r"
            case "\0": out += "\\0"
            case " "..."~": out.unicodeScalars.append(scalar)
            default: out += isWord(scalar) ? String(scalar) : escape(scalar.value)
            }
        }
        return out + "\""
    }

    private static func escape(_ value: UInt32) -> String {
        switch value {
        case ...0xFF: "\\x" + hexadecimal(value, width: 2)
        case ...0xFFFF: "\\u" + hexadecimal(value, width: 4)
        default: "\\U" + hexadecimal(value, width: 8)
        }
    }
}
