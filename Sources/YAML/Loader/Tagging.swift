/// Explicit tags: the core schema's, and nothing else.
enum Tagging {
    private static let prefix = "tag:yaml.org,2002:"

    static func scalar(
        _ text: String, style: YAMLScalar.Style, plainImplicit: Bool, tag: String?, at mark: YAMLMark
    ) throws(YAMLError) -> YAMLScalar {
        guard !text.utf8.contains(0) else { throw YAMLError("a value must not hold NUL (\\0)", at: mark) }
        let resolved = try self.tag(text, style: style, plainImplicit: plainImplicit, explicit: tag, at: mark)
        return YAMLScalar(text: text, style: style, tag: resolved)
    }

    static func check(_ tag: String?, is kind: String, at mark: YAMLMark) throws(YAMLError) {
        guard let tag, tag != "!", tag != prefix + kind else { return }
        throw unsupported(tag, at: mark)
    }

    private static func tag(
        _ text: String, style: YAMLScalar.Style, plainImplicit: Bool, explicit: String?, at mark: YAMLMark
    ) throws(YAMLError) -> YAMLTag {
        guard let explicit, explicit != "!" else {
            return style == .plain && plainImplicit && explicit == nil ? CoreSchema.tag(ofPlain: text) : .string
        }
        let wanted: YAMLTag
        switch explicit {
        case prefix + "str": return .string
        case prefix + "int": wanted = .integer
        case prefix + "float": wanted = .float
        case prefix + "bool": wanted = .boolean
        case prefix + "null": wanted = .null
        default: throw unsupported(explicit, at: mark)
        }
        let natural = CoreSchema.tag(ofPlain: text)
        guard natural == wanted || (wanted == .float && natural == .integer) else {
            throw YAMLError("\(quoted(text)) is tagged as \(wanted.phrase), but it isn't", at: mark)
        }
        return wanted
    }

    private static func unsupported(_ tag: String, at mark: YAMLMark) -> YAMLError {
        YAMLError("the tag \(shortened(tag)) isn't supported here", at: mark)
    }
}
