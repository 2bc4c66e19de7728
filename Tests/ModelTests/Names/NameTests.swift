import Foundation
import Model
import Testing

@Suite struct NameTests {
    @Test(
        "Host names and addresses",
        arguments: [
            "a", "kvm1", "kvm-1.example.org", "10.0.0.1", "::1", "fe80::1", "2001:db8::10.0.0.1",
            String(repeating: "a", count: 63), "0",
        ])
    func hosts(_ name: String) throws {
        try Validation.host(name)
    }

    @Test(
        "What is no host",
        arguments: [
            "", ".", "a.", ".a", "a..b", "-a", "a-", "a_b", "a b", "a/b", "ä", "a\u{0}", "$(x)", "user@host",
            String(repeating: "a", count: 64), Array(repeating: "abcdefg", count: 33).joined(separator: "."),
        ])
    func notHosts(_ name: String) {
        let error = #expect(throws: KVMCloneError.self) { try Validation.host(name) }
        #expect(error?.code == .invalidHost)
    }

    @Test("VM names", arguments: ["a", "web01", "Web_01-x", "db.prod", "0", String(repeating: "a", count: 64)])
    func vms(_ name: String) throws {
        try Validation.vm(name)
    }

    @Test(
        "What is no VM name",
        arguments: [
            "", "-a", ".a", "a.", "a b", "a/b", "../a", "a\u{0}b", "a\n", "ä", "localhost", "NONE", "all", "a'b",
            String(repeating: "a", count: 65),
        ])
    func notVMs(_ name: String) {
        let error = #expect(throws: KVMCloneError.self) { try Validation.vm(name) }
        #expect(error?.code == .invalidVMName)
        #expect(error?.exitCode == .usage)
        let isPrintable = error?.message.unicodeScalars.allSatisfy { $0.value >= 32 } ?? false
        #expect(isPrintable)
    }

    @Test("Messages show no control characters and no endless names")
    func printable() {
        #expect(Validation.printable("a\u{1b}[2Jb\u{7f}\n") == "a?[2Jb??")
        #expect(Validation.printable(String(repeating: "x", count: 81)) == String(repeating: "x", count: 80) + "…")
    }

    @Test("Operation ids have ten letters that can't be confused, and no two are the same")
    func operationIDs() throws {
        let ids = (0..<500).map { _ in OperationID() }
        #expect(Set(ids).count == 500)
        for id in ids {
            #expect(id.description.count == 10)
            #expect(!id.description.contains { "ILOU".contains($0) })
            #expect(OperationID(id.description.lowercased()) == id)
        }
        let id = try #require(ids.first)
        #expect(try JSONDecoder().decode([OperationID].self, from: try JSONEncoder().encode([id])) == [id])
    }

    @Test(
        "What is no operation id",
        arguments: ["", "7F3K2M9QX", "7F3K2M9QXAA", "7F3K2M9QXI", "7F3K2M9QX-", "../../x123"])
    func notOperationIDs(_ text: String) {
        #expect(OperationID(text) == nil)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([OperationID].self, from: try JSONEncoder().encode([text]))
        }
    }
}
