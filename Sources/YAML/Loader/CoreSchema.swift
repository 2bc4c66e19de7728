/// The core schema of YAML 1.2, section 10.3: what a plain scalar is.
enum CoreSchema {
    static func tag(ofPlain text: String) -> YAMLTag {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "false", "False", "FALSE": return .boolean
        default: break
        }
        if isInteger(text) { return .integer }
        return isFloat(text) ? .float : .string
    }

    static func isTrue(_ text: String) -> Bool { text.first == "t" || text.first == "T" }

    /// The value, or nil where it doesn't fit 64 bits. A sign is only allowed before decimal digits.
    static func integer(_ text: String) -> Int64? {
        if text.hasPrefix("0x") { return Int64(text.dropFirst(2), radix: 16) }
        if text.hasPrefix("0o") { return Int64(text.dropFirst(2), radix: 8) }
        return Int64(text)
    }

    static func float(_ text: String) -> Double? {
        switch text.lowercased() {
        case ".nan": .nan
        case ".inf", "+.inf": .infinity
        case "-.inf": -.infinity
        default: Double(text.hasSuffix(".") ? text + "0" : text)
        }
    }

    static func isInteger(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        if bytes.starts(with: Array("0x".utf8)) { return bytes.count > 2 && bytes.dropFirst(2).allSatisfy(isHexDigit) }
        if bytes.starts(with: Array("0o".utf8)) {
            return bytes.count > 2 && bytes.dropFirst(2).allSatisfy { (0x30...0x37).contains($0) }
        }
        let digits = bytes.dropFirst(hasSign(bytes) ? 1 : 0)
        return !digits.isEmpty && digits.allSatisfy(isDigit)
    }

    static func isFloat(_ text: String) -> Bool {
        switch text {
        case ".nan", ".NaN", ".NAN": return true
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF": return true
        default: break
        }
        let bytes = Array(text.utf8)
        var rest = bytes.dropFirst(hasSign(bytes) ? 1 : 0)
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        var fraction = rest.prefix(0)
        if rest.first == UInt8(ascii: ".") {
            fraction = rest.dropFirst().prefix(while: isDigit)
            rest = rest.dropFirst(1 + fraction.count)
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return false }
        guard let exponent = rest.first else { return true }
        guard exponent == UInt8(ascii: "e") || exponent == UInt8(ascii: "E") else { return false }
        let power = Array(rest.dropFirst())
        let digits = power.dropFirst(hasSign(power) ? 1 : 0)
        return !digits.isEmpty && digits.allSatisfy(isDigit)
    }

    private static func hasSign(_ bytes: [UInt8]) -> Bool {
        bytes.first == UInt8(ascii: "+") || bytes.first == UInt8(ascii: "-")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}
