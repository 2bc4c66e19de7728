import Testing

@testable import YAML

@Suite("Writing YAML")
struct EmitterTests {
    @Test("block style, in the order given")
    func block() {
        let value: YAMLValue = [
            "vms": [
                ["name": "web1", "state": "running", "memory": 2048, "disks": [["path": "/srv/a.qcow2"], []]],
                ["name": "db", "note": nil, "load": 0.5, "tags": [:]],
            ],
            "ok": true,
        ]
        #expect(
            YAMLEmitter.emit(value) == """
                vms:
                  - name: web1
                    state: running
                    memory: 2048
                    disks:
                      - path: /srv/a.qcow2
                      - []
                  - name: db
                    note: null
                    load: 0.5
                    tags: {}
                ok: true

                """)
    }

    @Test(
        "strings are plain where that is safe",
        arguments: ["web1", "/var/lib/x", "10.0.0.4", "qemu:///system", "a b", "Ärger", "4dea22b3-1d52", "x,y", "50M"])
    func plain(text: String) {
        #expect(YAMLEmitter.emit(.string(text)) == text + "\n")
    }

    @Test(
        "strings that YAML 1.1 or 1.2 would take for something else are quoted",
        arguments: [
            "", " a", "a ", "yes", "No", "y", "on", "null", "~", "true", "12", "012", "0x1f", "0b1", "1_000", "1.5",
            "1e3", ".5", "-1", "-", "- a", "? a", "a: b", "a:", "a #b", "#a", "&a", "*a", "!a", "|", ">", "'a'",
            "\"a\"", "%a", "@a", "`a", "{a", "[a", "a\nb", "a\tb", "52:54:00:12:34:56", "2025-01-01", "12:30",
            "2025-01-01T10:00:00Z", "<<", "=", "---", "...", "\u{1B}", "\u{85}", "\u{2028}", "\u{FEFF}", "🙂",
            "e\u{301}",
        ])
    func quoted(text: String) throws {
        let out = YAMLEmitter.emit(.string(text))
        #expect(out.hasPrefix("\""))
        #expect(YAMLValue(try YAMLLoader.load(out)) == .string(text))
        let key = YAMLEmitter.emit(.mapping([.init(text, .string(text))]))
        if !text.isEmpty { #expect(YAMLValue(try YAMLLoader.load(key)) == .mapping([.init(text, .string(text))])) }
    }

    @Test(
        "numbers read back as they were",
        arguments: [
            .integer(.min), .integer(.max), .number(0.1), .number(-0.0), .number(1e20), .number(.leastNonzeroMagnitude),
            .number(1.7976931348623157e308), .number(.infinity), .number(-.infinity), .number(3),
        ] as [YAMLValue])
    func numbers(value: YAMLValue) throws {
        #expect(YAMLValue(try YAMLLoader.load(YAMLEmitter.emit(value))) == value)
    }

    @Test("a key longer than YAML's simple keys reads back")
    func longKey() throws {
        let long = String(repeating: "k", count: 2000)
        let value = YAMLValue.mapping([.init(long, [1, ["a": "b"]]), .init(long + "2", "x")])
        #expect(YAMLValue(try YAMLLoader.load(YAMLEmitter.emit(value))) == value)
    }

    @Test("any value reads back as itself", arguments: 0..<300 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var generator = ValueGenerator(seed: seed)
        let value = generator.value(depth: 5)
        let text = YAMLEmitter.emit(value)
        #expect(YAMLValue(try YAMLLoader.load(text)) == value, "\(text)")
    }
}

/// Values from a seed, of strings that are hard to quote.
private struct ValueGenerator {
    private static let pieces: [String] = [
        "a", "Z", "0", "7", " ", "  ", ":", "#", "-", "?", "'", "\"", "\\", "\n", "\r\n", "\t", "[", "]", "{", "}", ",",
        "&", "*", "!", "|", ">", "%", "@", "`", "~", "<<", "=", ".", "_", "/", "ä", "🙂", "\u{2028}", "\u{7F}", "\u{1}",
        "yes", "null", "true", "1e3", "0x1", "...", "---", "e\u{301}", "\u{FFFE}", "\u{10FFFF}",
    ]
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    private mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    private mutating func string() -> String {
        (0..<below(7)).map { _ in Self.pieces[below(Self.pieces.count)] }.joined()
    }

    mutating func value(depth: Int) -> YAMLValue {
        switch below(depth > 0 ? 8 : 6) {
        case 0: return .null
        case 1: return .boolean(below(2) == 0)
        case 2: return .integer(Int64(bitPattern: next()))
        case 3:
            let number = Double(bitPattern: next())
            return .number(number.isNaN ? 0 : number)
        case 4, 5: return .string(string())
        case 6: return .sequence((0..<below(5)).map { _ in value(depth: depth - 1) })
        default:
            var keys: Set<String> = []
            let fields = (0..<below(5)).compactMap { _ -> YAMLValue.Field? in
                let key = string()
                guard !key.isEmpty, keys.insert(key).inserted else { return nil }
                return .init(key, value(depth: depth - 1))
            }
            return .mapping(fields)
        }
    }
}
