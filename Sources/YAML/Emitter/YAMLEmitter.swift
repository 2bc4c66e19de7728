/// Writes values as YAML in block style. What it writes reads back as the same value, in readers of YAML 1.1 and 1.2;
/// only strings with NUL don't, since `YAMLLoader` refuses NUL.
public enum YAMLEmitter {
    /// The document, ended by a line feed.
    public static func emit(_ value: YAMLValue) -> String {
        var out = ""
        write(value, indent: 0, into: &out)
        return out
    }

    /// Writes a value whose first line stands at `indent`, to its final line feed.
    private static func write(_ value: YAMLValue, indent: Int, into out: inout String) {
        switch value {
        case .sequence(let items) where !items.isEmpty:
            for (position, item) in items.enumerated() {
                if position > 0 { pad(indent, &out) }
                out += "- "
                write(item, indent: indent + 2, into: &out)
            }
        case .mapping(let fields) where !fields.isEmpty:
            for (position, field) in fields.enumerated() {
                if position > 0 { pad(indent, &out) }
                write(field, indent: indent, into: &out)
            }
        default:
            out += scalar(value)
            out += "\n"
        }
    }

    private static func write(_ field: YAMLValue.Field, indent: Int, into out: inout String) {
        let key = Scalars.string(field.key)
        // A key before ':' may take 1024 characters at most; longer ones, and empty ones, are marked as keys.
        let isSimple = key.unicodeScalars.count < 1000
        out += isSimple ? "\(key):" : "? \(key)\n"
        if !isSimple {
            pad(indent, &out)
            out += ":"
        }
        if isBlock(field.value) {
            out += "\n"
            pad(indent + 2, &out)
        } else {
            out += " "
        }
        write(field.value, indent: indent + 2, into: &out)
    }

    private static func isBlock(_ value: YAMLValue) -> Bool {
        switch value {
        case .sequence(let items): !items.isEmpty
        case .mapping(let fields): !fields.isEmpty
        default: false
        }
    }

    private static func scalar(_ value: YAMLValue) -> String {
        switch value {
        case .null: "null"
        case .boolean(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .number(let number): Scalars.number(number)
        case .string(let text): Scalars.string(text)
        case .sequence: "[]"
        case .mapping: "{}"
        }
    }

    private static func pad(_ count: Int, _ out: inout String) {
        out += String(repeating: " ", count: count)
    }
}
