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

        @Test("a dry run tells how the data travels, and its JSON is drawn with the topology")
        func graph() async throws {
            let (_, tool) = try await CopyTests.machine("drawn", data: 2)
            let words = ["replicate", "host1", "host2,host3", "drawn", "--dry-run"]
            let text = try await tool(words)
            #expect(text.code == 0, "\(text)")
            #expect(text.output.contains("\nDistribution of "), "\(text)")
            let star = try await tool(words + ["--fanout", "star"])
            #expect(star.output.contains(": star, host1 sends to each of 2 targets itself, "), "\(star)")

            let json = try await tool(words + ["-o", "json", "--fanout", "chain"])
            let document = try #require(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
            let distribution = try #require(document["distribution"] as? [String: Any])
            #expect(distribution["source"] as? String == "host1" && distribution["isStar"] as? Bool == false)
            let plan = try tool.scratch.write("plan.json", json.output)
            let out = tool.scratch.path("plan.svg")
            let drawn = try await tool("topology", "graph", "--plan", plan, "--out", out)
            #expect(drawn.code == 0 && drawn.output.isEmpty, "\(drawn)")
            #expect(tool.scratch.text("plan.svg").contains("<title>host2 → host3, stripe 1: "))
            let piped = try await run(
                ["bash", "-c", "\"$0\" topology graph --plan - <\"$1\"", Setting.binary, plan],
                environment: tool.environment)
            #expect(piped.output == tool.scratch.text("plan.svg"), "\(piped)")

            let lab = "\(Setting.repository)/topologies/lab.yaml"
            let foreign = try await tool("topology", "graph", lab, "--plan", plan)
            #expect(foreign.code == 64 && foreign.error.contains("lacks: host1, host2, host3"), "\(foreign)")
            #expect(try await tool("topology", "graph", "--plan", "/nonexistent").code == 64)
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
