import Testing

@testable import DataPlane

@Suite("Names and paths")
struct FileNameTests {
    @Test(
        "that can't leave their folder are taken literally",
        arguments: [
            "disk.qcow2", "-rf", "$(x)", "`id`", "a b", "..a", "a..b", "...", "*", "ünïcode", "a:b", "json:{}", "a,b",
            String(repeating: "x", count: 255),
        ])
    func good(name: String) throws {
        #expect(try FileName(name).string == name)
    }

    @Test(
        "that could be something else are refused",
        arguments: [
            "", ".", "..", "/", "a/b", "../x", "/etc/shadow", "a\0b", "a\nb", "\u{1B}[2J", "a\u{7F}", "a\u{85}",
            String(repeating: "x", count: 256), String(repeating: "é", count: 128), ".kvm-clone-op-0.partial",
        ])
    func bad(name: String) {
        let error = #expect(throws: PathError.self) { try FileName(name) }
        #expect(error?.description.unicodeScalars.allSatisfy { !FileName.isControl($0) } == true)
    }

    @Test("of unfinished files carry the operation", arguments: [("a1-B2", 0), ("x", 17)])
    func temporary(operation: String, number: Int) throws {
        #expect(
            try FileName.temporary(operation: operation, number: number).string
                == ".kvm-clone-\(operation)-\(number).partial")
    }

    @Test(
        "refuse operations that are no plain ids",
        arguments: ["", "a/b", "..", "a b", "é", String(repeating: "a", count: 65)])
    func badOperation(operation: String) {
        #expect(throws: PathError.self) { try FileName.temporary(operation: operation, number: 0) }
    }

    @Test(
        "have one form",
        arguments: [
            ("/a/b", "/a/b"), ("//a///b/", "/a/b"), ("/a/./b", "/a/b"), ("/a/../b", "/b"), ("/..", "/"),
            ("/a/..b", "/a/..b"),
            ("/", "/"),
        ])
    func normalized(path: String, expected: String) throws {
        #expect(try AbsolutePath.normalized(path) == expected)
    }

    @Test(
        "that are relative, too long or not printable are refused",
        arguments: ["", "a", "./a", "/a\nb", "/" + String(repeating: "a/", count: 4000)])
    func badPath(path: String) {
        #expect(throws: PathError.self) { try AbsolutePath.normalized(path) }
    }
}
