import FoundationEssentials

extension UUID {
    /// Reads what libvirt takes: 32 hexadecimal digits, with hyphens or blanks anywhere between them.
    public init?(libvirt text: String) {
        var digits = ""
        for character in text where character != "-" && !character.isWhitespace {
            guard character.isASCII, character.isHexDigit else { return nil }
            digits.append(character)
        }
        guard digits.count == 32 else { return nil }
        for offset in [8, 13, 18, 23] {
            digits.insert("-", at: digits.index(digits.startIndex, offsetBy: offset))
        }
        self.init(uuidString: digits)
    }

    /// Lower case with hyphens, as libvirt writes it.
    public var libvirtText: String { uuidString.lowercased() }
}
