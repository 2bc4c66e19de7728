/// Big-endian numbers out of bytes that may be short. A read behind the end returns nil.
struct BigEndianReader {
    let bytes: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) { self.bytes = ArraySlice(Array(bytes)) }

    func integer<Number: FixedWidthInteger & UnsignedInteger>(_: Number.Type, at offset: Int) -> Number? {
        slice(at: offset, count: MemoryLayout<Number>.size)?.reduce(0) { $0 << 8 | Number($1) }
    }

    func slice(at offset: Int, count: Int) -> ArraySlice<UInt8>? {
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else { return nil }
        let start = bytes.startIndex + offset
        return bytes[start..<start + count]
    }
}
