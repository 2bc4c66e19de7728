import Foundation
import Testing

extension Integration.Embedded {
    @Suite struct ErrorTests {
        struct Case: CustomTestStringConvertible, Sendable {
            var title: String
            var arguments: [String]
            var exit: Int32
            var code: Int
            var field: String?
            var testDescription: String { title }

            init(_ title: String, _ arguments: [String], _ exit: Int32, _ code: Int, _ field: String? = nil) {
                (self.title, self.arguments, self.exit, self.code, self.field) = (title, arguments, exit, code, field)
            }
        }

        static let cases = [
            Case("a VM that isn't there", ["clone", "host1", "host2", "nosuch"], 10, 1003),
            Case("a host that nobody knows", ["clone", "host1", "nohost.invalid", "nosuch"], 10, 1003),
            Case("a target that can't be resolved", ["list", "nohost.invalid"], 14, 1002),
            Case("an unknown command", ["frobnicate"], 64, 1007),
            Case("an unknown option", ["list", "--frobnicate"], 64, 1007),
            Case("no operands", ["clone"], 64, 1007, "arguments"),
            Case("too many streams", ["clone", "host1", "host2", "x", "--parallel", "17"], 64, 1007, "parallel"),
            Case("a time-out of nothing", ["clone", "host1", "host2", "x", "--timeout", "0"], 64, 1304, "timeout"),
            Case("a rate that is none", ["clone", "host1", "host2", "x", "--bwlimit", "fast"], 64, 1305),
            Case("a port that is none", ["list", "host1", "--ssh-port", "70000"], 64, 1303),
            Case("a VM name with a slash", ["clone", "host1", "host2", "a/b"], 64, 1301),
            Case("a new name that is reserved", ["clone", "host1", "host2", "x", "-n", "all"], 64, 1301),
            Case("a host name with a space", ["clone", "host1", "ho st", "x"], 64, 1300, "dest_host"),
            Case("source and target the same", ["clone", "host1", "host1", "x"], 64, 1007, "dest_host"),
            Case("a target twice", ["replicate", "host1", "host2,host2", "x"], 64, 1007, "dest_host"),
            Case(
                "a network file that isn't there",
                ["clone", "host1", "host2", "x", "--network-config", "/nonexistent"], 64, 1302),
            Case("a configuration that isn't there", ["list", "-c", "/nonexistent.yaml"], 78, 1001),
            Case("an operation's id that is none", ["status", "!"], 64, 1007, "operation_id"),
        ]

        @Test("what can't be done ends with its exit code and error document", arguments: cases)
        func document(_ item: Case) async throws {
            let tool = try EmbeddedHosts.current().tool()
            let outcome = try await tool(item.arguments + ["-o", "json"])
            #expect(outcome.code == item.exit, "\(outcome)")
            // A list has what the others answered, or an empty document.
            #expect(outcome.output.isEmpty || item.arguments.first == "list")
            let document = try outcome.errorDocument()
            #expect(document.error.code == item.code, "\(outcome)")
            #expect(!document.error.message.isEmpty)
            if let field = item.field { #expect(document.error.field == field, "\(outcome)") }
            let text = try await tool(item.arguments)
            #expect(text.code == item.exit)
            #expect(text.error.contains("[\(item.code)]") && text.error.contains("try: "), "\(text)")
        }

        @Test("a name that is taken on the target ends with 11 before anything is written")
        func exists() async throws {
            let (hosts, tool) = try await CopyTests.machine("taken", data: 1)
            try await hosts.define(Machine(name: "taken"), on: 2)
            let before = try await hosts.contents()
            let outcome = try await tool("replicate", "host1", "host2", "taken", "-o", "json")
            #expect(outcome.code == 11, "\(outcome)")
            #expect(try outcome.errorDocument().error.code == 1004)
            #expect(try await hosts.contents() == before)
        }

        @Test("a file in the way on the target is named and left as it is")
        func fileInTheWay() async throws {
            let (hosts, tool) = try await CopyTests.machine("way", data: 1)
            let file = "\(hosts.pool(2))/way-vda.img"
            try Data("mine".utf8).write(to: URL(fileURLWithPath: file))
            let outcome = try await tool("replicate", "host1", "host2", "way")
            #expect(outcome.code == 11 && outcome.error.contains(file), "\(outcome)")
            #expect(FileManager.default.contents(atPath: file) == Data("mine".utf8))
            #expect(try await !hosts.names(2).contains("way"))
        }

        @Test("one target that can't take the copy doesn't keep it from the others: exit 3, and the table says which")
        func partly() async throws {
            let (hosts, tool) = try await CopyTests.machine("partly", data: 1)
            try await hosts.define(Machine(name: "partly"), on: 3)
            let outcome = try await tool("replicate", "host1", "host2,host3", "partly", "-o", "json")
            #expect(outcome.code == 3, "\(outcome)")
            let responses = try outcome.decoded(as: [CloneResponse].self)
            #expect(responses.map(\.success) == [true, false])
            #expect(responses.last?.errorCode == 1004)
            #expect(try await hosts.names(2).contains("partly"))
        }

        @Test("a running VM is refused with 17 and the way out, and goes on running")
        func running() async throws {
            let (hosts, tool) = try await CopyTests.machine("running", data: 1)
            try await hosts.virsh(1, "start", "running").succeeded()
            let before = try await hosts.contents()
            let outcome = try await tool("clone", "host1", "host2", "running")
            #expect(outcome.code == 17, "\(outcome)")
            #expect(outcome.error.contains("running") && outcome.error.contains("virsh shutdown running"))
            #expect(try await hosts.contents() == before)
            #expect(try await hosts.virsh(1, "domstate", "running").trimmed == "running")
        }

        @Test("all findings of the preflight come at once")
        func findings() async throws {
            let (hosts, tool) = try await CopyTests.machine("twofold", data: 1)
            try await hosts.define(Machine(name: "twofold"), on: 2)
            let map = try tool.scratch.write("networks.yaml", "default: nowhere\n")
            let outcome = try await tool("replicate", "host1", "host2", "twofold", "--network-config", map, "--dry-run")
            #expect(outcome.code == 17, "\(outcome)")
            #expect(outcome.output.contains("exists") && outcome.output.contains("nowhere"), "\(outcome)")
        }
    }
}
