/// A value of JSON's kind, with the order of its keys, to be written as YAML.
public enum YAMLValue: Sendable, Equatable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case sequence([YAMLValue])
    case mapping([Field])

    /// One key and its value. Keys must differ within a mapping, or no strict reader takes the result.
    public struct Field: Sendable, Equatable {
        /// The key.
        public let key: String
        /// Its value.
        public let value: YAMLValue

        /// A field made of its parts.
        public init(_ key: String, _ value: YAMLValue) {
            self.key = key
            self.value = value
        }
    }

    /// The value of a loaded node. An integer beyond 64 bits becomes a number.
    public init(_ node: YAMLNode) {
        switch node.content {
        case .sequence(let items): self = .sequence(items.map(YAMLValue.init))
        case .mapping(let entries): self = .mapping(entries.map { Field($0.key, YAMLValue($0.value)) })
        case .scalar(let scalar):
            switch scalar.tag {
            case .null: self = .null
            case .boolean: self = .boolean(CoreSchema.isTrue(scalar.text))
            case .string: self = .string(scalar.text)
            case .integer:
                self = CoreSchema.integer(scalar.text).map(YAMLValue.integer) ?? .number(Double(scalar.text) ?? .nan)
            case .float: self = .number(CoreSchema.float(scalar.text) ?? .nan)
            }
        }
    }
}

extension YAMLValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An integer.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// True or false.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// A list.
    public init(arrayLiteral elements: YAMLValue...) { self = .sequence(elements) }
    /// A mapping in the order written.
    public init(dictionaryLiteral elements: (String, YAMLValue)...) {
        self = .mapping(elements.map { Field($0.0, $0.1) })
    }
    /// Null.
    public init(nilLiteral: ()) { self = .null }
}
