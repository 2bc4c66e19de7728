import Foundation
import Testing

extension Integration.Embedded {
    @Suite struct TopologyTests {
        @Test("a topology of hosts is valid, and shown as a table, as documents and as names")
        func show() async throws {
            let tool = try EmbeddedHosts.current().tool()
            let verdict = try await tool("topology", "validate")
            #expect(verdict.code == 0 && verdict.output.contains("valid, 3 hosts"), "\(verdict)")
            #expect(try await tool("topology", "show", "-o", "name").lines == ["host1", "host2", "host3"])
            #expect(try await tool("topology", "show").output.contains("local"))
            let json = try await tool("topology", "show", "-o", "json")
            #expect(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) is [String: Any])
            #expect(try await tool("topology", "show", "-o", "yaml").output.contains("host3"))
        }

        @Test("every example in topologies/ is valid")
        func examples() async throws {
            let folder = "\(Setting.repository)/topologies"
            let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
            #expect(!files.isEmpty)
            let outcome = try await Tool()(["topology", "validate"] + files.map { "\(folder)/\($0)" })
            #expect(outcome.code == 0, "\(outcome)")
            #expect(outcome.lines.count == files.count)
        }

        @Test(
            "a broken topology ends with 78 and says the line",
            arguments: [
                ("unknown key", "apiVersion: kvm-clone/v1\nname: a\nhosst: {}\nhosts: { a: {} }\n", ":3:1:"),
                ("not YAML", "apiVersion: kvm-clone/v1\nname: [a\n", ":"),
                ("a key twice", "apiVersion: kvm-clone/v1\nname: a\nname: b\nhosts: { a: {} }\n", ":3:1:"),
                (
                    "alias bomb",
                    "apiVersion: kvm-clone/v1\nname: a\nx: &a [1,1,1,1,1,1,1,1]\n"
                        + "y: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nz: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"
                        + "w: &d [*c,*c,*c,*c,*c,*c,*c,*c]\nv: [*d,*d,*d,*d,*d,*d,*d,*d]\nhosts: { a: {} }\n", ":"
                ),
            ])
        func broken(_ title: String, _ text: String, _ place: String) async throws {
            let tool = try Tool(topology: text)
            let verdict = try await tool("topology", "validate")
            #expect(verdict.code == 78, "\(verdict)")
            #expect(verdict.error.contains("topology.yaml\(place)"), "\(verdict)")
            let list = try await tool("list", "-o", "json")
            #expect(list.code == 78)
            #expect(try list.errorDocument().error.code == 1001)
        }

        @Test("a topology that isn't there ends with an error that names it")
        func missing() async throws {
            let outcome = try await Tool()("list", "-t", "/nonexistent/fleet.yaml")
            #expect(outcome.code == 78, "\(outcome)")
            #expect(outcome.error.contains("/nonexistent/fleet.yaml"))
        }
    }
}
