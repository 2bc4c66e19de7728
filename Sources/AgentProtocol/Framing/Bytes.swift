/// Bytes that travel as hexadecimal text: salts, keys, digests.
package struct HexBytes: Codable, Sendable, Hashable {
    package var bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        let digits = Array(text.utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count - 1, by: 2) {
            guard let high = Self.value(digits[index]), let low = Self.value(digits[index + 1]) else { break }
            bytes.append(high << 4 | low)
        }
        guard bytes.count * 2 == digits.count else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not hexadecimal"))
        }
        self.bytes = bytes
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }

    /// Two lower-case digits a byte.
    package var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 48...57: digit - 48
        case 97...102: digit - 87
        case 65...70: digit - 55
        default: nil
        }
    }
}

/// A job's key. It never prints itself.
package struct JobSecret: Codable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package var value: HexBytes

    package init(_ value: HexBytes) {
        self.value = value
    }

    package init(from decoder: any Decoder) throws {
        value = try HexBytes(from: decoder)
    }

    package func encode(to encoder: any Encoder) throws {
        try value.encode(to: encoder)
    }

    package var description: String { "JobSecret" }
    package var debugDescription: String { "JobSecret" }
}
