/// Bytes of a journal with a check behind them, so that what was written in part or damaged is seen.
///
/// The check is the first eight bytes of SHA-256 over what comes before it and an earlier check: a record counts only in
/// the file that it was written to. It is no protection against who can write to the file.
enum CheckedBytes {
    static let checkSize = 8

    /// `content` with its check.
    static func seal(_ content: [UInt8], after earlier: [UInt8]) -> [UInt8] { content + check(content, earlier) }

    /// The content of sealed bytes; nil when the check doesn't fit.
    static func open(_ sealed: ArraySlice<UInt8>, after earlier: [UInt8]) -> [UInt8]? {
        guard sealed.count >= checkSize else { return nil }
        let content = Array(sealed.dropLast(checkSize))
        return check(content, earlier).elementsEqual(sealed.suffix(checkSize)) ? content : nil
    }

    private static func check(_ content: [UInt8], _ earlier: [UInt8]) -> [UInt8] {
        // Without a digest no check fits, so that nothing is taken for whole.
        guard let digest = try? SHA256().digest(earlier + content) else { return [] }
        return Array(digest.bytes.prefix(checkSize))
    }
}

extension SHA256 {
    func digest(_ bytes: [UInt8]) throws(CryptoError) -> Digest256 {
        try update(bytes)
        return try finish()
    }
}

extension FixedWidthInteger {
    /// The lowest byte first.
    var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian, Array.init) }

    /// Takes as many bytes as the type has, the lowest first; fewer count as zeros above.
    init(littleEndianBytes bytes: some Sequence<UInt8>) {
        self = bytes.enumerated().reduce(0) {
            $1.offset < Self.bitWidth / 8 ? $0 | Self($1.element) << ($1.offset * 8) : $0
        }
    }
}
