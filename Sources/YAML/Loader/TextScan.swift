/// Checks the encoding and the characters of a whole text before libyaml sees it, since libyaml gives no line and
/// column for those faults and would also take UTF-16.
enum TextScan {
    static func check(_ bytes: ArraySlice<UInt8>) throws(YAMLError) {
        var line = 1
        var column = 1
        var previous: Unicode.Scalar = " "
        var iterator = bytes.makeIterator()
        var decoder = UTF8()
        while true {
            let scalar: Unicode.Scalar
            switch decoder.decode(&iterator) {
            case .emptyInput: return
            case .error:
                throw YAMLError("the text isn't valid UTF-8", at: YAMLMark(line: line, column: column))
            case .scalarValue(let value): scalar = value
            }
            guard isAllowed(scalar) else {
                let name = "U+" + hexadecimal(scalar.value, width: 4)
                throw YAMLError(
                    "the character \(name) isn't allowed in YAML", at: YAMLMark(line: line, column: column))
            }
            switch scalar {
            case "\n" where previous == "\r": break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}":
                line += 1
                column = 1
            default: column += 1
            }
            previous = scalar
        }
    }

    /// c-printable of YAML 1.2, section 5.1, without the byte order mark, which is only taken off the start.
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x9, 0xA, 0xD, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF:
            true
        default: false
        }
    }
}

/// Upper-case hexadecimal digits, padded with zeros.
func hexadecimal(_ value: UInt32, width: Int) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
