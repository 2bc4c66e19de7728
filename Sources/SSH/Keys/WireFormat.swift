import FoundationEssentials

/// Reads the data types of RFC 4251 section 5. Nil when there is less than announced.
struct WireReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) {
        rest = ArraySlice(bytes)
    }

    mutating func byte() -> UInt8? {
        rest.popFirst()
    }

    mutating func uint32() -> UInt32? {
        guard rest.count >= 4 else { return nil }
        defer { rest = rest.dropFirst(4) }
        return rest.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func string() -> [UInt8]? {
        guard let length = uint32(), length <= rest.count else { return nil }
        defer { rest = rest.dropFirst(Int(length)) }
        return Array(rest.prefix(Int(length)))
    }
}

/// `bytes` with its length before it, as RFC 4251's `string`.
func wireString(_ bytes: some Collection<UInt8>) -> [UInt8] {
    wireUInt32(UInt32(bytes.count)) + bytes
}

func wireUInt32(_ value: UInt32) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
}

/// The type that a public key names in its first field.
func keyType(ofPublicKey key: [UInt8]) -> String? {
    var reader = WireReader(key)
    return reader.string().map { String(decoding: $0, as: UTF8.self) }
}
