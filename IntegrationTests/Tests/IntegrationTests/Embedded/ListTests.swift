import Foundation
import Testing

extension Integration.Embedded {
    @Suite struct ListTests {
        /// A tool and two VMs on the first host, one of them running.
        private func machines() async throws -> (EmbeddedHosts, Tool) {
            let hosts = try EmbeddedHosts.current()
            let disk = "\(hosts.pool(1))/listed.raw"
            try DiskFile.raw(disk, size: 8, data: 2)
            if try await !hosts.names(1).contains("listed") {
                try await hosts.define(Machine(name: "listed", disks: [.init(path: disk)], mac: "52:54:00:00:00:01"))
                try await hosts.define(Machine(name: "listed-running", mac: "52:54:00:00:00:02"))
                try await hosts.virsh(1, "start", "listed-running").succeeded()
            }
            return (hosts, try hosts.tool())
        }

        @Test("the JSON list holds every host and the VMs' disks and networks")
        func json() async throws {
            let (hosts, tool) = try await machines()
            let outcome = try await tool("list", "-o", "json")
            #expect(outcome.code == 0, "\(outcome)")
            let list = try outcome.decoded(as: [String: [VMDocument]].self)
            #expect(Set(list.keys) == ["host1", "host2", "host3"])
            let machine = try #require(list["host1"]?.first { $0.name == "listed" })
            #expect(machine.state == "stopped" && machine.host == "host1")
            #expect(machine.memory == 2 && machine.vcpus == 1)
            #expect(machine.disks.map(\.path) == ["\(hosts.pool(1))/listed.raw"])
            #expect(machine.disks.first?.size == 8 << 20 && machine.disks.first?.format == "raw")
            #expect(machine.networks.map(\.macAddress) == ["52:54:00:00:00:01"])
            #expect(machine.networks.map(\.network) == ["default"])
            #expect(list["host1"]?.first { $0.name == "listed-running" }?.state == "running")
        }

        @Test(
            "a list has each form that is asked for",
            arguments: [
                (["-o", "name"], "host1/listed\n"), (["--format", "list"], "host1/listed\n"),
                (["-o", "yaml"], "name: listed\n"), (["-o", "wide"], "52:54:00:00:00:01"),
                (["--no-header", "--columns", "name"], "listed"), ([], "STATE"),
            ])
        func forms(_ options: [String], _ text: String) async throws {
            let (_, tool) = try await machines()
            let outcome = try await tool(["list", "host1"] + options)
            #expect(outcome.code == 0 && outcome.output.contains(text), "\(outcome)")
        }

        @Test("--status keeps the VMs in that state only", arguments: ["running", "stopped", "paused"])
        func status(_ state: String) async throws {
            let (_, tool) = try await machines()
            let list = try await tool("list", "host1", "--status", state, "-o", "json")
                .decoded(as: [String: [VMDocument]].self)
            let found = try #require(list["host1"])
            #expect(found.allSatisfy { $0.state == state })
            #expect(found.isEmpty == (state == "paused"))
        }

        @Test("a host that can't be reached is an error in its row and in the exit code")
        func unreachable() async throws {
            let (hosts, _) = try await machines()
            let dead = "  dead: { connection: local, uri: \"test+unix:///default?socket=/nonexistent/socket\" }\n"
            let tool = try Tool(topology: hosts.topology + dead)
            let some = try await tool("list")
            #expect(some.code == 3, "\(some)")
            #expect(some.lines.contains { $0.hasPrefix("dead") && $0.contains("error [") })
            #expect(some.lines.contains { $0.hasPrefix("host1") && $0.contains("listed") })
            #expect(some.error.contains("dead: "))
            let all = try await tool("list", "dead", "-o", "json")
            #expect(all.code == 16 || all.code == 14, "\(all)")
            #expect(try all.errorDocument().error.message.contains("dead"))
        }
    }
}
