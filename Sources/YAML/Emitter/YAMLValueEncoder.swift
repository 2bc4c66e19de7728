/// Turns `Encodable` values into `YAMLValue`, keeping the order in which a type encodes its keys. The keys of
/// dictionaries with string keys are sorted, since they have no order.
public enum YAMLValueEncoder {
    /// The value, or an `EncodingError` for integers beyond 64 bits with sign and for whatever the type itself throws.
    public static func encode(_ value: some Encodable) throws -> YAMLValue {
        try tree(value, path: []).value
    }

    static func tree(_ value: some Encodable, path: [any CodingKey]) throws -> Tree {
        if let scalar = try scalar(value, path: path) { return Tree(.leaf(scalar)) }
        if let dictionary = value as? [String: any Encodable] {
            return Tree(
                .fields(
                    try dictionary.sorted { $0.key < $1.key }.map { key, value in
                        (key, try Self.tree(value, path: path + [PathKey(stringValue: key)]))
                    }))
        }
        let root = Tree(.leaf(.null))
        try value.encode(to: TreeEncoder(tree: root, codingPath: path))
        return root
    }

    private static func scalar(_ value: any Encodable, path: [any CodingKey]) throws -> YAMLValue? {
        switch value {
        case let text as String: return .string(text)
        case let flag as Bool: return .boolean(flag)
        case let number as Double: return .number(number)
        case let number as Float: return .number(Double(number))
        case let number as any FixedWidthInteger:
            guard let exact = Int64(exactly: number) else {
                throw EncodingError.invalidValue(
                    value, .init(codingPath: path, debugDescription: "The integer is beyond 64 bits with sign."))
            }
            return .integer(exact)
        default: return nil
        }
    }
}

extension YAMLEmitter {
    /// The document of an `Encodable` value; see `YAMLValueEncoder`.
    public static func emit(encoding value: some Encodable) throws -> String {
        emit(try YAMLValueEncoder.encode(value))
    }
}
