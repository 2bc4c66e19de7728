import YAML

extension YAMLValue {
    /// The document as JSON. `pretty` indents by two spaces; otherwise all is on one line. Numbers that JSON doesn't
    /// have, such as infinity, are written as null.
    public func json(pretty: Bool = true) -> String {
        var text = ""
        appendJSON(to: &text, indent: pretty ? 0 : nil)
        return text
    }

    private func appendJSON(to text: inout String, indent: Int?) {
        switch self {
        case .null: text += "null"
        case .boolean(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += Self.number(value)
        case .string(let value): Self.appendQuoted(value, to: &text)
        case .sequence(let values):
            Self.appendList(values, between: ("[", "]"), to: &text, indent: indent) { value, text, indent in
                value.appendJSON(to: &text, indent: indent)
            }
        case .mapping(let members):
            Self.appendList(members, between: ("{", "}"), to: &text, indent: indent) { member, text, indent in
                Self.appendQuoted(member.key, to: &text)
                text += indent == nil ? ":" : ": "
                member.value.appendJSON(to: &text, indent: indent)
            }
        }
    }

    private static func appendList<Item>(
        _ items: [Item], between brackets: (String, String), to text: inout String, indent: Int?,
        _ append: (Item, inout String, Int?) -> Void
    ) {
        text += brackets.0
        let inner = indent.map { $0 + 2 }
        for (index, item) in items.enumerated() {
            if index > 0 { text += "," }
            if let inner { text += "\n" + String(repeating: " ", count: inner) }
            append(item, &text, inner)
        }
        if let indent, !items.isEmpty { text += "\n" + String(repeating: " ", count: indent) }
        text += brackets.1
    }

    /// A number without a needless fraction: `3`, `0.25`, `1e+30`; `null` where JSON has no number for it.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
    }

    private static func appendQuoted(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
