import Foundation
import Testing

extension Integration.Embedded {
    @Suite struct OfflineTests {
        private static let machine = Machine(
            name: "paper", disks: [.init(path: "/srv/paper.qcow2", format: "qcow2")],
            devices: "<!-- kept as it is --><channel type='unix'><target type='virtio' name='a.b.0'/></channel>")

        @Test("--original-xml rewrites what is named and nothing else, without any host")
        func rewrite() async throws {
            let tool = try Tool()
            let file = try tool.scratch.write("domain.xml", Self.machine.xml)
            let arguments = [
                "clone", "--original-xml", file, "--print-xml", "--new-name", "ink",
                "--uuid", "5a3c1b9e-7d2f-4a61-8c0d-9e4b7f6a1d23", "--disk", "vda=/srv/ink.qcow2",
                "--mac", "0=52:54:00:aa:bb:cc",
            ]
            let outcome = try await tool(arguments)
            #expect(outcome.code == 0, "\(outcome)")
            for text in [
                "<name>ink</name>", "5a3c1b9e-7d2f-4a61-8c0d-9e4b7f6a1d23", "/srv/ink.qcow2", "52:54:00:aa:bb:cc",
                "kept as it is",
            ] {
                #expect(outcome.output.contains(text), "\(text) is missing: \(outcome.output)")
            }
            #expect(!outcome.output.contains("paper"))
            let second = try tool.scratch.write("second.xml", outcome.output)
            let again = try await tool(arguments.map { $0 == file ? second : $0 })
            #expect(again.output == outcome.output, "a second rewrite changes something")
        }

        @Test("what isn't named gets a new identity each time")
        func fresh() async throws {
            let tool = try Tool()
            let file = try tool.scratch.write("domain.xml", Self.machine.xml)
            let arguments = ["clone", "--original-xml", file, "--print-xml", "--disk", "vda=/srv/ink.qcow2"]
            let (first, second) = (try await tool(arguments), try await tool(arguments))
            #expect(first.code == 0 && first.output.contains("<name>paper_clone</name>"), "\(first)")
            #expect(first.output != second.output)
        }

        @Test(
            "XML that isn't a domain is refused",
            arguments: [
                "", "<domain", "<network><name>x</name></network>",
                "<!DOCTYPE d [<!ENTITY a 'b'>]><domain type='test'><name>&a;</name></domain>",
            ])
        func refused(_ text: String) async throws {
            let tool = try Tool()
            let file = try tool.scratch.write("domain.xml", text)
            let outcome = try await tool("clone", "--original-xml", file, "--print-xml")
            #expect(outcome.code == 64, "\(outcome)")
            #expect(outcome.output.isEmpty && outcome.error.contains("[1007]"))
        }
    }
}
