import YAML

/// Where a container that is being filled keeps what it has so far. Lives only inside one encoding.
final class EncodingSlot {
    enum Content {
        case empty
        case value(YAMLValue)
        case array([EncodingSlot])
        case object([(key: String, slot: EncodingSlot)])
    }

    var content = Content.empty

    var resolved: YAMLValue {
        switch content {
        case .empty: .mapping([])
        case .value(let value): value
        case .array(let slots): .sequence(slots.map(\.resolved))
        case .object(let members): .mapping(members.map { .init($0.key, $0.slot.resolved) })
        }
    }

    func member(_ key: String) -> EncodingSlot {
        var members: [(key: String, slot: EncodingSlot)] = []
        if case .object(let present) = content { members = present }
        if let present = members.first(where: { $0.key == key }) { return present.slot }
        let slot = EncodingSlot()
        members.append((key, slot))
        content = .object(members)
        return slot
    }

    func element() -> EncodingSlot {
        var slots: [EncodingSlot] = []
        if case .array(let present) = content { slots = present }
        let slot = EncodingSlot()
        slots.append(slot)
        content = .array(slots)
        return slot
    }

    var elementCount: Int {
        if case .array(let slots) = content { slots.count } else { 0 }
    }
}

struct OrderedKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

struct OrderedEncoder: Encoder {
    let slot: EncodingSlot
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .empty = slot.content { slot.content = .object([]) }
        return KeyedEncodingContainer(OrderedKeyedContainer<Key>(slot: slot, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .empty = slot.content { slot.content = .array([]) }
        return OrderedUnkeyedContainer(slot: slot, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        OrderedSingleContainer(slot: slot, codingPath: codingPath)
    }

    /// Encodes `value` into `slot`: the scalars as they are, everything else by its own encoding.
    static func encode<T: Encodable>(_ value: T, into slot: EncodingSlot, at path: [any CodingKey]) throws {
        switch value {
        case let value as String: slot.content = .value(.string(value))
        case let value as Bool: slot.content = .value(.boolean(value))
        case let value as Double: slot.content = .value(.number(value))
        case let value as Float: slot.content = .value(.number(Double(value)))
        case let value as any BinaryInteger:
            if let small = Int64(exactly: value) {
                slot.content = .value(.integer(small))
            } else {
                throw EncodingError.invalidValue(
                    value, .init(codingPath: path, debugDescription: "the number needs more than 63 bits"))
            }
        default: try value.encode(to: OrderedEncoder(slot: slot, codingPath: path))
        }
    }
}

extension YAMLValue {
    /// The tree that `value` encodes itself as, with keys in the order of its encoding.
    public init(encoding value: any Encodable) throws {
        let slot = EncodingSlot()
        try value.encode(to: OrderedEncoder(slot: slot, codingPath: []))
        self = slot.resolved
    }

    /// The fields of a mapping; none for anything else.
    public var fields: [Field] {
        if case .mapping(let fields) = self { fields } else { [] }
    }
}
