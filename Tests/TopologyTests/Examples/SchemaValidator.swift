import YAML

/// The part of JSON schema draft-07 that the shipped schema uses. A keyword outside it is a fault of the schema.
struct SchemaValidator {
    struct UnknownKeyword: Error {
        let name: String
    }

    private let root: YAMLNode

    init(_ schema: YAMLNode) { root = schema }

    /// True if the document has the schema's shape.
    func accepts(_ document: YAMLNode) throws -> Bool { try accepts(document, root) }

    private func accepts(_ node: YAMLNode, _ schema: YAMLNode) throws -> Bool {
        if case .scalar = schema.content { return try schema.bool() }
        let schema = try schema.mapping()
        if let reference = schema["$ref"] { return try accepts(node, try target(try reference.string())) }
        return try schema.entries.allSatisfy { try holds($0.key, $0.value, for: node, in: schema) }
    }

    private func target(_ reference: String) throws -> YAMLNode {
        try reference.split(separator: "/").dropFirst().reduce(root) { try $0.mapping().required(String($1)) }
    }

    private func holds(_ keyword: String, _ value: YAMLNode, for node: YAMLNode, in schema: YAMLMapping) throws -> Bool
    {
        switch keyword {
        case "$schema", "title", "description", "definitions": return true
        case "type":
            let names = try (try? value.sequence())?.map { try $0.string() } ?? [try value.string()]
            return names.contains { isType($0, node) }
        case "const": return YAMLValue(node) == YAMLValue(value)
        case "enum": return try value.sequence().contains { YAMLValue($0) == YAMLValue(node) }
        case "anyOf": return try value.sequence().contains { try accepts(node, $0) }
        case "oneOf": return try value.sequence().count { try accepts(node, $0) } == 1
        case "not": return try !accepts(node, value)
        case "pattern", "minLength", "maxLength": return try textHolds(keyword, value, for: node)
        case "minimum", "maximum":
            guard isType("integer", node) else { return true }
            return keyword == "minimum" ? try node.int() >= value.int() : try node.int() <= value.int()
        case "items", "minItems", "maxItems", "uniqueItems": return try listHolds(keyword, value, for: node)
        case "required", "properties", "additionalProperties", "propertyNames", "minProperties":
            return try objectHolds(keyword, value, for: node, in: schema)
        default: throw UnknownKeyword(name: keyword)
        }
    }

    private func isType(_ name: String, _ node: YAMLNode) -> Bool {
        switch (name, node.content) {
        case ("object", .mapping), ("array", .sequence): true
        case ("string", .scalar(let scalar)): scalar.tag == .string
        case ("integer", .scalar(let scalar)): scalar.tag == .integer
        case ("null", _): node.isNull
        default: false
        }
    }

    private func textHolds(_ keyword: String, _ value: YAMLNode, for node: YAMLNode) throws -> Bool {
        guard isType("string", node) else { return true }
        let text = try node.string()
        switch keyword {
        case "pattern": return try text.firstMatch(of: Regex(try value.string())) != nil
        case "minLength": return try text.unicodeScalars.count >= value.int()
        default: return try text.unicodeScalars.count <= value.int()
        }
    }

    private func listHolds(_ keyword: String, _ value: YAMLNode, for node: YAMLNode) throws -> Bool {
        guard let items = try? node.sequence() else { return true }
        switch keyword {
        case "items": return try items.allSatisfy { try accepts($0, value) }
        case "minItems": return try items.count >= value.int()
        case "maxItems": return try items.count <= value.int()
        default: return try !value.bool() || Set(items.map(\.content)).count == items.count
        }
    }

    private func objectHolds(
        _ keyword: String, _ value: YAMLNode, for node: YAMLNode, in schema: YAMLMapping
    ) throws -> Bool {
        guard let object = try? node.mapping() else { return true }
        switch keyword {
        case "required": return try value.sequence().allSatisfy { object[try $0.string()] != nil }
        case "minProperties": return try object.entries.count >= value.int()
        case "propertyNames":
            return try object.entries.allSatisfy { entry in
                let name = YAMLScalar(text: entry.key, style: .doubleQuoted, tag: .string)
                return try accepts(YAMLNode(.scalar(name), at: entry.keyMark), value)
            }
        case "properties":
            return try value.mapping().entries.allSatisfy { property in
                try object[property.key].map { try accepts($0, property.value) } ?? true
            }
        default:
            let declared = try schema["properties"]?.mapping()
            return try object.entries.filter { declared?[$0.key] == nil }.allSatisfy { try accepts($0.value, value) }
        }
    }
}
