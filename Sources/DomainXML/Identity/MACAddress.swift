/// A 48-bit Ethernet address.
public struct MACAddress: Hashable, Sendable {
    /// The six bytes in the order they are written, as one number.
    let bits: UInt64

    /// Reads `52:54:00:ab:cd:ef` or `52-54-00-ab-cd-ef`, in either case. Nil for anything else.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 17 else { return nil }
        let separator = bytes[2]
        guard separator == UInt8(ascii: ":") || separator == UInt8(ascii: "-") else { return nil }
        var bits: UInt64 = 0
        for (position, byte) in bytes.enumerated() {
            if position % 3 == 2 {
                guard byte == separator else { return nil }
            } else {
                guard byte < 0x80, let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
                bits = bits << 4 | UInt64(digit)
            }
        }
        self.bits = bits
    }

    private init(bits: UInt64) { self.bits = bits }

    /// A random address in 52:54:00, the prefix of QEMU and libvirt.
    public static func random(using generator: inout some RandomNumberGenerator) -> MACAddress {
        MACAddress(bits: 0x5254_00 << 24 | UInt64.random(in: 0...0xFF_FFFF, using: &generator))
    }

    /// True for group addresses, which no interface may have.
    public var isMulticast: Bool { bits >> 40 & 1 == 1 }
}

extension MACAddress: CustomStringConvertible {
    /// Six lower-case pairs joined by colons, as libvirt writes them.
    public var description: String {
        stride(from: 40, through: 0, by: -8)
            .map { shift in
                let byte = String(bits >> UInt64(shift) & 0xFF, radix: 16)
                return byte.count == 1 ? "0" + byte : byte
            }
            .joined(separator: ":")
    }
}

extension MACAddress: Codable {
    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let address = MACAddress(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a MAC address")
        }
        self = address
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
