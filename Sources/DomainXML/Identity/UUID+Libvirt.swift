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

    /// A random UUID (RFC 9562, version 4) from a generator of the caller's, so that a seed reproduces it.
    public static func random(using generator: inout some RandomNumberGenerator) -> UUID {
        let high = UInt64.random(in: .min ... .max, using: &generator) & ~0xF000 | 0x4000
        let low = UInt64.random(in: .min ... .max, using: &generator) & ~(0b11 << 62) | 0b10 << 62
        let bytes = [high, low].flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
        }
        return UUID(
            uuid: (
                bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7],
                bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]
            ))
    }
}
