import Testing

@testable import YAML

@Suite("Encoding values as YAML")
struct EncoderTests {
    private struct Disk: Encodable {
        let path: String
        let size: UInt64
        let format: String?
    }

    private enum State: String, Encodable {
        case running
    }

    private struct Machine: Encodable {
        let name: String
        let state: State
        let disks: [Disk]
        let labels: [String: String]
        let shares: [Double?]
        let tags: [String]
        let isActive: Bool
    }

    /// Encodes through nested containers and a super encoder.
    private struct Nested: Encodable {
        private enum Keys: String, CodingKey {
            case outer, list, rest
        }

        func encode(to encoder: any Encoder) throws {
            var top = encoder.container(keyedBy: Keys.self)
            var inner = top.nestedContainer(keyedBy: Keys.self, forKey: .outer)
            try inner.encodeNil(forKey: .rest)
            var list = top.nestedUnkeyedContainer(forKey: .list)
            try list.encode(Int8(-1))
            try list.encodeNil()
            var deep = list.nestedUnkeyedContainer()
            try deep.encode("x")
            var last = list.nestedContainer(keyedBy: Keys.self)
            try last.encode(Float(0.5), forKey: .rest)
            try "end".encode(to: top.superEncoder(forKey: .rest))
        }
    }

    @Test("keys keep the type's order, dictionaries are sorted, nil is left out or null")
    func order() throws {
        let machine = Machine(
            name: "web", state: .running, disks: [Disk(path: "/a", size: 10, format: nil)],
            labels: ["z": "1", "a": "yes"], shares: [0.5, nil], tags: [], isActive: true)
        #expect(
            try YAMLEmitter.emit(encoding: machine) == """
                name: web
                state: running
                disks:
                  - path: /a
                    size: 10
                labels:
                  a: "yes"
                  z: "1"
                shares:
                  - 0.5
                  - null
                tags: []
                isActive: true

                """)
    }

    @Test("nested containers")
    func nested() throws {
        let value = try YAMLValueEncoder.encode(Nested())
        #expect(value == ["outer": ["rest": nil], "list": [-1, nil, ["x"], ["rest": 0.5]], "rest": "end"])
    }

    @Test("scalars and lists by themselves")
    func bare() throws {
        #expect(try YAMLValueEncoder.encode("x") == "x")
        #expect(try YAMLValueEncoder.encode([[1], []]) == [[1], []])
        #expect(try YAMLValueEncoder.encode(Int?.none) == nil)
    }

    @Test("an integer that doesn't fit is an error with its path")
    func overflow() {
        let error = #expect(throws: EncodingError.self) { try YAMLValueEncoder.encode(["a": [1, UInt64.max]]) }
        guard case .invalidValue(_, let context)? = error else {
            Issue.record("another error")
            return
        }
        #expect(context.codingPath.map(\.stringValue) == ["a", "1"])
    }
}
