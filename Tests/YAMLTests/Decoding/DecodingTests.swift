import Testing

@testable import YAML

@Suite("Typed values")
struct DecodingTests {
    private func node(_ text: String) throws -> YAMLNode { try YAMLLoader.load("k: \(text)").mapping().required("k") }

    @Test("an unknown key is refused where it stands, with the nearest known one")
    func unknownKeys() throws {
        let known = ["ssh_user", "ssh_port", "uri"]
        let root = try YAMLLoader.load("uri: a\nssh-user: b\nsshport: 1\nzzz: 2\n")
        let errors = try root.mapping().unknownKeys(allowed: known)
        #expect(
            errors.map(\.description) == [
                "2:1: unknown key 'ssh-user' (did you mean 'ssh_user'?)",
                "3:1: unknown key 'sshport' (did you mean 'ssh_port'?)",
                "4:1: unknown key 'zzz' (known: ssh_user, ssh_port, uri)",
            ])
        #expect(throws: errors[0]) { try root.mapping(allowing: known) }
    }

    @Test("a missing key is reported at its mapping")
    func missing() throws {
        let mapping = try YAMLLoader.load("a:\n  b: 1\n").mapping().required("a").mapping()
        #expect(throws: YAMLError("the key 'c' is missing", at: YAMLMark(line: 2, column: 3))) {
            try mapping.required("c")
        }
    }

    @Test(
        "a value of another kind is refused at its place",
        arguments: [
            ("12", "expected a string, found the integer 12: put it in quotes"),
            ("true", "expected a string, found true: put it in quotes"),
            ("", "expected a string, found nothing"), ("[a]", "expected a string, found a list"),
        ])
    func strings(text: String, message: String) throws {
        let node = try node(text)
        #expect(throws: YAMLError(message, at: node.mark)) { try node.string() }
    }

    @Test(
        "integers stay in range; leading zeros are refused",
        arguments: [
            ("0", 0), ("22", 22), ("0x16", 22), ("0o26", 22), ("65536", nil), ("-1", nil), ("022", nil),
            ("99999999999999999999", nil), ("1.0", nil), ("'22'", nil), ("0xFFFFFFFFFFFFFFFFF", nil),
        ] as [(String, Int?)])
    func integers(text: String, value: Int?) throws {
        let node = try node(text)
        if let value {
            #expect(try node.int(in: 0...65535) == value)
        } else {
            #expect(#expect(throws: YAMLError.self) { try node.int(in: 0...65535) }?.mark == node.mark)
        }
    }

    @Test(
        "only true and false are booleans",
        arguments: [("true", true), ("FALSE", false), ("yes", nil), ("1", nil)] as [(String, Bool?)])
    func booleans(text: String, value: Bool?) throws {
        let node = try node(text)
        #expect((try? node.bool()) == value)
    }

    @Test(
        "numbers",
        arguments: [("1.5", 1.5), ("12", 12), ("5.", 5), (".5", 0.5), ("-1e3", -1000), ("0x10", 16), ("x", nil)]
            as [(String, Double?)])
    func numbers(text: String, value: Double?) throws {
        let node = try node(text)
        #expect((try? node.double()) == value)
    }

    @Test(
        "times",
        arguments: [
            ("30", .seconds(30)), ("250ms", .milliseconds(250)), ("5m", .seconds(300)), ("2h", .seconds(7200)),
            ("1d", .seconds(86400)), ("10001d", nil), ("5 s", nil), ("s", nil), ("1w", nil), ("-1s", nil),
            ("9223372036854775807d", nil),
        ] as [(String, Duration?)])
    func times(text: String, value: Duration?) throws {
        let node = try node(text)
        #expect((try? node.duration()) == value)
    }

    @Test("messages escape what could drive a terminal, and are cut")
    func messages() throws {
        #expect(quoted("a\u{1B}[2J\u{202E}") == "'a\\u{1b}[2J\\u{202e}'")
        #expect(shortened(String(repeating: "x", count: 100)).count == 61)
    }
}
