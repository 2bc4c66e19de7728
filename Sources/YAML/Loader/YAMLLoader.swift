/// Loads one YAML document strictly into a tree.
///
/// Beyond YAML's own rules it refuses what makes configuration surprising or costly: a second document, a key twice,
/// a key that isn't a scalar, tags outside the core schema, merge keys, anchors defined twice, cycles, NUL, text that
/// isn't UTF-8, and anything over `YAMLLimits`. Aliases are resolved by sharing, but count as if written out.
public enum YAMLLoader {
    /// Loads a text. An empty text gives a null scalar at 1:1.
    public static func load(
        _ text: String, file: String? = nil, limits: YAMLLimits = YAMLLimits()
    ) throws(YAMLError) -> YAMLNode {
        try load(bytes: Array(text.utf8), file: file, limits: limits)
    }

    /// Loads a text from its bytes, which must be UTF-8, with or without a byte order mark.
    public static func load(
        bytes: [UInt8], file: String? = nil, limits: YAMLLimits = YAMLLimits()
    ) throws(YAMLError) -> YAMLNode {
        do throws(YAMLError) {
            guard bytes.count <= limits.bytes else {
                throw YAMLError("the text is longer than \(limits.bytes) bytes", at: nil)
            }
            let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
            try TextScan.check(body)
            var composer = Composer(parser: try EventParser(body), limits: limits)
            return try composer.document()
        } catch {
            throw error.inFile(file)
        }
    }

    /// Loads a file. Blocks on reading it, at most `limits.bytes` + 1 bytes.
    public static func load(
        contentsOf path: String, limits: YAMLLimits = YAMLLimits()
    ) throws(YAMLError) -> YAMLNode {
        try load(bytes: try BoundedFile.read(path, limit: limits.bytes), file: path, limits: limits)
    }
}
