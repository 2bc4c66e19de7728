/// A place in a text. Lines and columns count from 1; a column is a Unicode scalar, as most editors count.
public struct YAMLMark: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
    /// Line, from 1.
    public let line: Int
    /// Column in Unicode scalars, from 1.
    public let column: Int

    /// A mark at the given place.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// `line:column`.
    public var description: String { "\(line):\(column)" }

    /// Orders by line, then by column.
    public static func < (left: YAMLMark, right: YAMLMark) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// What a scalar is by the core schema of YAML 1.2.
public enum YAMLTag: String, Sendable, Hashable {
    case string, integer, float, boolean, null

    /// The tag with its article, for messages.
    public var phrase: String {
        switch self {
        case .string: "a string"
        case .integer: "an integer"
        case .float: "a decimal number"
        case .boolean: "true or false"
        case .null: "nothing"
        }
    }
}

/// One scalar: its text, how it was written and what it is.
public struct YAMLScalar: Sendable, Hashable {
    /// How a scalar is written in the file.
    public enum Style: Sendable, Hashable {
        case plain, singleQuoted, doubleQuoted, literal, folded
    }

    /// The text after quotes, escapes and folding are resolved. It holds no NUL.
    public let text: String
    /// How it was written.
    public let style: Style
    /// What it is, by explicit tag or by the core schema.
    public let tag: YAMLTag

    /// A scalar made of its parts.
    public init(text: String, style: Style, tag: YAMLTag) {
        self.text = text
        self.style = style
        self.tag = tag
    }
}

/// A key with its place, and the value that it leads to.
public struct YAMLEntry: Sendable, Hashable {
    /// The key's text, whatever its style.
    public let key: String
    /// Where the key stands.
    public let keyMark: YAMLMark
    /// The value.
    public let value: YAMLNode

    /// An entry made of its parts.
    public init(key: String, keyMark: YAMLMark, value: YAMLNode) {
        self.key = key
        self.keyMark = keyMark
        self.value = value
    }
}

/// A node of a loaded document. Aliases are resolved: an aliased node shares its storage with its anchor and keeps
/// the anchor's mark.
public struct YAMLNode: Sendable, Hashable {
    /// The three shapes of a node. A mapping keeps the file's order and has no key twice.
    public enum Content: Sendable, Hashable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping([YAMLEntry])
    }

    /// What the node holds.
    public let content: Content
    /// Where the node starts.
    public let mark: YAMLMark

    /// A node made of its parts.
    public init(_ content: Content, at mark: YAMLMark) {
        self.content = content
        self.mark = mark
    }

    /// True for `null`, `~` and an empty value.
    public var isNull: Bool {
        if case .scalar(let scalar) = content { scalar.tag == .null } else { false }
    }

    /// What the node is, for messages: "a mapping", "the integer 22".
    public var phrase: String {
        switch content {
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .scalar(let scalar):
            switch scalar.tag {
            case .null: "nothing"
            case .string: "the string \(quoted(scalar.text))"
            case .integer: "the integer \(shortened(scalar.text))"
            case .float: "the decimal number \(shortened(scalar.text))"
            case .boolean: scalar.text
            }
        }
    }
}
