import Foundation
import Testing

extension Integration.Embedded {
    @Suite struct CompareTests {
        private static func copied(_ name: String) async throws -> (EmbeddedHosts, Tool, String) {
            let (hosts, tool) = try await CopyTests.machine(name)
            try await tool("replicate", "host1", "host2,host3", name).succeeded()
            return (hosts, tool, "\(hosts.pool(2))/\(name)-vda.img")
        }

        @Test("verify ends with 0 when all copies match, and writes nothing")
        func matched() async throws {
            let (hosts, tool, _) = try await Self.copied("compared-same")
            let before = try await hosts.contents()
            let outcome = try await tool("verify", "host1", "host2,host3", "compared-same")
            #expect(outcome.code == 0, "\(outcome)")
            #expect(outcome.lines.filter { $0.contains("matched") }.count == 2, "\(outcome)")
            #expect(try await hosts.contents() == before)
        }

        @Test("diff shows where a copy differs, and ends with 1; verify says differed")
        func differed() async throws {
            let (_, tool, copy) = try await Self.copied("compared-other")
            try await DiskFile.write(copy, format: "raw", at: 9, length: 1)
            let diff = try await tool("diff", "host1", "host2,host3", "compared-other")
            #expect(diff.code == 1, "\(diff)")
            #expect(diff.output.contains("host2/compared-other vda: 1.00 MiB differ"), "\(diff)")
            #expect(diff.output.contains("  at 9437184: 1.00 MiB\n"), "\(diff)")
            let verify = try await tool("verify", "host1", "host2,host3", "compared-other")
            #expect(verify.code == 1, "\(verify)")
            let rows = verify.lines.map { $0.split(separator: " ").map(String.init) }
            #expect(rows.first { $0.first == "host2" }?[2] == "differed", "\(verify)")
            #expect(rows.first { $0.first == "host3" }?[2] == "matched", "\(verify)")
        }

        @Test("diff's JSON has every range in bytes")
        func json() async throws {
            let (_, tool, copy) = try await Self.copied("compared-doc")
            try await DiskFile.write(copy, format: "raw", at: 3, length: 1)
            try await DiskFile.write(copy, format: "raw", at: 20, length: 2)
            let outcome = try await tool("diff", "host1", "host2", "compared-doc", "-o", "json")
            #expect(outcome.code == 1, "\(outcome)")
            let document = try outcome.decoded(as: ComparisonDocument.self)
            let found = try #require(document.copies.first)
            #expect(found.verdict == "differed" && found.error == nil && found.differingBytes == 3 << 20)
            #expect(found.disks.first?.ranges == [[3 << 20, 4 << 20], [20 << 20, 22 << 20]])
        }

        @Test("What could not be performed is told as such, with its own code")
        func notPerformed() async throws {
            let (hosts, tool, _) = try await Self.copied("compared-gone")
            try await hosts.virsh(3, "undefine", "compared-gone").succeeded()
            let outcome = try await tool("verify", "host1", "host2,host3", "compared-gone")
            #expect(outcome.code == 10, "\(outcome)")
            #expect(outcome.output.contains("not performed [1003]") && outcome.output.contains("matched"), "\(outcome)")
            #expect(outcome.error.contains("VM 'compared-gone' not found"), "\(outcome)")
        }
    }
}

/// What `diff` and `verify` print with `-o json`.
struct ComparisonDocument: Decodable {
    struct Copy: Decodable {
        var host: String
        var verdict: String
        var differingBytes: UInt64
        var disks: [Disk]
        var error: String?
    }

    struct Disk: Decodable {
        var disk: String
        var ranges: [[UInt64]]
    }

    var operationId: String
    var copies: [Copy]
}
