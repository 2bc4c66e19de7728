/// A tree that containers fill in. Nested containers share nodes, so it is a reference.
final class Tree {
    enum Content {
        case leaf(YAMLValue)
        case items([Tree])
        case fields([(key: String, tree: Tree)])
    }

    var content: Content

    init(_ content: Content) { self.content = content }

    /// Becomes a list unless it is one, and takes one more item.
    func append(_ item: Tree) {
        var items = items
        content = .leaf(.null)  // So that the array is not copied.
        items.append(item)
        content = .items(items)
    }

    /// Becomes a mapping unless it is one, and takes one more field.
    func append(_ key: String, _ tree: Tree) {
        var fields: [(key: String, tree: Tree)] = []
        if case .fields(let earlier) = content { fields = earlier }
        content = .leaf(.null)
        fields.append((key, tree))
        content = .fields(fields)
    }

    /// Its items so far.
    var items: [Tree] {
        if case .items(let items) = content { items } else { [] }
    }

    var value: YAMLValue {
        switch content {
        case .leaf(let value): value
        case .items(let items): .sequence(items.map(\.value))
        case .fields(let fields): .mapping(fields.map { YAMLValue.Field($0.key, $0.tree.value) })
        }
    }
}

struct PathKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { stringValue = String(intValue) }
}

struct TreeEncoder: Encoder {
    let tree: Tree
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Name: CodingKey>(keyedBy type: Name.Type) -> KeyedEncodingContainer<Name> {
        if case .leaf = tree.content { tree.content = .fields([]) }
        return KeyedEncodingContainer(FieldContainer(tree: tree, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .leaf = tree.content { tree.content = .items([]) }
        return ItemContainer(tree: tree, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        LeafContainer(tree: tree, codingPath: codingPath)
    }
}

private struct FieldContainer<Name: CodingKey>: KeyedEncodingContainerProtocol {
    let tree: Tree
    let codingPath: [any CodingKey]

    func encodeNil(forKey key: Name) { tree.append(key.stringValue, Tree(.leaf(.null))) }

    func encode<Value: Encodable>(_ value: Value, forKey key: Name) throws {
        tree.append(key.stringValue, try YAMLValueEncoder.tree(value, path: codingPath + [key]))
    }

    func nestedContainer<Inner: CodingKey>(
        keyedBy type: Inner.Type, forKey key: Name
    ) -> KeyedEncodingContainer<Inner> {
        child(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Name) -> any UnkeyedEncodingContainer { child(key).unkeyedContainer() }

    func superEncoder() -> any Encoder { child(PathKey(stringValue: "super")) }

    func superEncoder(forKey key: Name) -> any Encoder { child(key) }

    private func child(_ key: any CodingKey) -> TreeEncoder {
        let child = Tree(.leaf(.null))
        tree.append(key.stringValue, child)
        return TreeEncoder(tree: child, codingPath: codingPath + [key])
    }
}

private struct ItemContainer: UnkeyedEncodingContainer {
    let tree: Tree
    let codingPath: [any CodingKey]
    var count: Int { tree.items.count }

    func encodeNil() { tree.append(Tree(.leaf(.null))) }

    func encode<Value: Encodable>(_ value: Value) throws {
        tree.append(try YAMLValueEncoder.tree(value, path: path))
    }

    func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type) -> KeyedEncodingContainer<Inner> {
        child().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { child().unkeyedContainer() }

    func superEncoder() -> any Encoder { child() }

    private var path: [any CodingKey] { codingPath + [PathKey(stringValue: String(count))] }

    private func child() -> TreeEncoder {
        let encoder = TreeEncoder(tree: Tree(.leaf(.null)), codingPath: path)
        tree.append(encoder.tree)
        return encoder
    }
}

private struct LeafContainer: SingleValueEncodingContainer {
    let tree: Tree
    let codingPath: [any CodingKey]

    func encodeNil() { tree.content = .leaf(.null) }

    func encode<Value: Encodable>(_ value: Value) throws {
        tree.content = try YAMLValueEncoder.tree(value, path: codingPath).content
    }
}
