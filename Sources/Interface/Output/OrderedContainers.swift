struct OrderedKeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let slot: EncodingSlot
    let codingPath: [any CodingKey]

    func encodeNil(forKey key: Key) throws { slot.member(key.stringValue).content = .value(.null) }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        try OrderedEncoder.encode(value, into: slot.member(key.stringValue), at: codingPath + [key])
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        nested(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { nested(key).unkeyedContainer() }

    func superEncoder() -> any Encoder {
        OrderedEncoder(slot: slot.member("super"), codingPath: codingPath + [OrderedKey(stringValue: "super")])
    }

    func superEncoder(forKey key: Key) -> any Encoder { nested(key) }

    private func nested(_ key: Key) -> OrderedEncoder {
        OrderedEncoder(slot: slot.member(key.stringValue), codingPath: codingPath + [key])
    }
}

struct OrderedUnkeyedContainer: UnkeyedEncodingContainer {
    let slot: EncodingSlot
    let codingPath: [any CodingKey]
    var count: Int { slot.elementCount }

    func encodeNil() throws { slot.element().content = .value(.null) }

    func encode<T: Encodable>(_ value: T) throws {
        try OrderedEncoder.encode(value, into: slot.element(), at: codingPath)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        OrderedEncoder(slot: slot.element(), codingPath: codingPath).container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        OrderedEncoder(slot: slot.element(), codingPath: codingPath).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { OrderedEncoder(slot: slot.element(), codingPath: codingPath) }
}

struct OrderedSingleContainer: SingleValueEncodingContainer {
    let slot: EncodingSlot
    let codingPath: [any CodingKey]

    func encodeNil() throws { slot.content = .value(.null) }

    func encode<T: Encodable>(_ value: T) throws { try OrderedEncoder.encode(value, into: slot, at: codingPath) }
}
