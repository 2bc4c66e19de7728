import Testing
import YAML

@testable import Topology

@Suite("Values of a topology")
struct ValueTests {
    @Test(
        "names and addresses that are taken",
        arguments: [
            "a", "kvm1", "a-b.example.net", "X", "10.0.0.4", "::1", "2001:db8::17", "4u", "1.a",
            String(repeating: "a", count: 63),
        ])
    func goodNames(text: String) throws { try HostName.check(text) }

    @Test(
        "names and addresses that are refused",
        arguments: [
            "", "a_b", "-a", "a-", "a..b", ".a", "a.", "a b", "a/b", "a;b", "$(x)", "ä", "a\n", "4", "1.2.3",
            "1.2.3.4.5",
            "256.0.0.1", "fe80::1%eth0", "[::1]", ":::", "None", "all", String(repeating: "a", count: 64),
            Array(repeating: "abcdefg", count: 32).joined(separator: ".") + ".x",
        ])
    func badNames(text: String) { #expect(throws: InvalidValue.self) { try HostName.check(text) } }

    @Test(
        "ranges expand, with zeros where they were written",
        arguments: [
            ("a", ["a"]), ("k[1:3]", ["k1", "k2", "k3"]), ("k[08:11]x", ["k08x", "k09x", "k10x", "k11x"]),
            ("[9:10]", ["9", "10"]), ("k[5:5]", ["k5"]), ("k[0:1]", ["k0", "k1"]), ("k[000:001]", ["k000", "k001"]),
        ])
    func ranges(text: String, names: [String]) throws {
        let range = try BracketRange(parsing: text)
        #expect(range.count == names.count)
        #expect(range.expanded() == names)
    }

    @Test(
        "malformed ranges are refused",
        arguments: [
            "k[", "k]", "k[1:2", "k1:2]", "k[]", "k[1]", "k[1:]", "k[:2]", "k[2:1]", "k[1:2:3]", "k[a:b]", "k[1-3]",
            "k[1,3]",
            "k[01:2]", "k[1:02]", "k[1:2][3:4]", "k[-1:2]", "k[1:9999999999]", "k[[1:2]]", "]k[1:2]", "k[١:٣]",
        ])
    func badRanges(text: String) { #expect(throws: InvalidValue.self) { try BracketRange(parsing: text) } }

    @Test(
        "URIs",
        arguments: [
            ("qemu:///system", true), ("test:///default", true), ("test+unix:///default?socket=/run/x", true),
            ("qemu+ssh://root@h/system", true), ("qemu:/system", false), ("/x", false), ("", false), ("://x", false),
            ("qemu:///a b", false), ("1:///x", false), ("qemu:///\u{1B}", false),
        ])
    func uris(text: String, good: Bool) { #expect(((try? Words.checkURI(text)) != nil) == good) }

    @Test(
        "users",
        arguments: [
            ("root", true), ("_x", true), ("a.b-c_d", true), ("A1", true), ("", false), ("-x", false), (".x", false),
            ("1a", false), ("a b", false), ("a;b", false), (String(repeating: "a", count: 32), true),
            (String(repeating: "a", count: 33), false),
        ])
    func users(text: String, good: Bool) { #expect(((try? Words.checkUser(text)) != nil) == good) }

    @Test(
        "files of this machine are made absolute",
        arguments: [
            ("/k", "/k"), ("~/k", "/home/me/k"), ("k", "/f/k"), ("./k", "/f/k"), ("../k", "/f/../k"), ("~", nil),
            ("~x/k", nil),
            ("", nil), ("a\u{7}", nil),
        ] as [(String, String?)])
    func localFiles(text: String, path: String?) {
        #expect((try? FilePath.local(text, home: "/home/me", folder: "/f")) == path)
    }

    @Test("paths longer than the system takes are refused")
    func longPath() {
        #expect(throws: InvalidValue.self) { try FilePath.checkHostFolder("/" + String(repeating: "a", count: 4095)) }
    }
}
