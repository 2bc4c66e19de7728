/// A look over the bytes before libxml2 reads them, since it has no callback between the attributes of one tag.
enum AttributeScan {
    /// Where a tag has one attribute more than the limit; nil where none has.
    ///
    /// Counts `=` before a quote, outside quotes, from each `<` to its `>`. In comments and CDATA sections that may
    /// count what isn't an attribute, but no tag has more attributes than are counted.
    static func firstExcess(in bytes: [UInt8], limit: Int) -> Int? {
        bytes.withUnsafeBufferPointer { bytes in
            var isInTag = false
            var quote: UInt8?
            var count = 0
            var followsEquals = false
            for position in bytes.indices {
                let byte = bytes[position]
                if byte == UInt8(ascii: "<") {
                    // No attribute may hold one, so that this is the start of a tag or of something malformed.
                    (isInTag, quote, count, followsEquals) = (true, nil, 0, false)
                } else if !isInTag || (quote != nil && quote != byte) {
                    continue
                } else if quote == byte {
                    quote = nil
                } else if byte == UInt8(ascii: ">") {
                    isInTag = false
                } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                    if followsEquals { count += 1 }
                    if count > limit { return position }
                    (quote, followsEquals) = (byte, false)
                } else if byte == UInt8(ascii: "=") {
                    followsEquals = true
                } else if byte > 0x20 {
                    followsEquals = false
                }
            }
            return nil
        }
    }
}
