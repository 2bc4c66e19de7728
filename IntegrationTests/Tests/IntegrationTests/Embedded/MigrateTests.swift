import Foundation
import Testing

extension Integration.Embedded {
    /// Migrations on libvirt's test driver: cold ones, for it makes no backups and moves nothing by itself.
    @Suite struct MigrateTests {
        private static func state(_ hosts: EmbeddedHosts, _ host: Int, _ name: String) async throws -> String? {
            let outcome = try await hosts.virsh(host, "domstate", name)
            return outcome.code == 0 ? outcome.trimmed : nil
        }

        @Test(
            "A VM that runs moves cold: it is down while it is copied, runs there, and comes back with what has changed"
        )
        func there() async throws {
            let (hosts, tool) = try await CopyTests.machine("moved", size: 48, data: 48)
            try await hosts.virsh(1, "start", "moved").succeeded()
            let refused = try await tool("migrate", "host1", "host2", "moved")
            #expect(refused.code == 17 && refused.error.contains("--cold"), "\(refused)")
            #expect(try await Self.state(hosts, 1, "moved") == "running")
            let plan = try await tool("migrate", "host1", "host2", "moved", "--cold", "--dry-run")
            #expect(plan.code == 0 && plan.output.contains("It moves cold: as asked for"), "\(plan)")
            let outcome = try await tool("migrate", "host1", "host2", "moved", "--cold")
            #expect(outcome.code == 0 && outcome.output.contains("complete"), "\(outcome)")
            #expect(outcome.error.contains("shutting down, on host1"), "\(outcome)")
            #expect(try await Self.state(hosts, 1, "moved") == nil)
            #expect(try await Self.state(hosts, 2, "moved") == "running")
            let listed = try await tool("list", "host1").succeeded().lines.first { $0.contains("moved") }
            #expect(listed?.contains("host2") == true, "\(String(describing: listed))")
            try await DiskFile.write("\(hosts.pool(2))/moved-vda.img", format: "raw", at: 5, length: 2)
            let back = try await tool("migrate", "host2", "host1", "moved", "--cold", "-o", "json")
            #expect(back.code == 0, "\(back)")
            #expect(try back.decoded(as: [CloneResponse].self).allSatisfy { $0.bytesTransferred < 4 << 20 })
            #expect(try await Self.state(hosts, 1, "moved") == "running")
            #expect(try await Self.state(hosts, 2, "moved") == nil)
            #expect(
                FileManager.default.contentsEqual(
                    atPath: "\(hosts.pool(1))/moved.raw", andPath: "\(hosts.pool(2))/moved-vda.img"))
            try await hosts.virsh(1, "destroy", "moved").succeeded()
        }

        @Test("A coordinator that is killed while the VM is away: op cleanup brings it back, and it runs where it was")
        func killed() async throws {
            let (hosts, tool) = try await CopyTests.machine("movekilled", size: 96, data: 96)
            try await hosts.virsh(1, "start", "movekilled").succeeded()
            let before = try await hosts.contents()
            let move = try RunningCopy(
                tool, ["migrate", "host1", "host2", "movekilled", "--cold", "--no-compress", "--bwlimit", "16M"])
            try await move.waitForWire(8 << 20)
            #expect(try await Self.state(hosts, 1, "movekilled") == nil, "it could be started there")
            move.process.signal(SIGSTOP)
            for agent in ProcessIdentity.children(of: move.process.id) { kill(agent.id, SIGKILL) }
            move.process.signal(SIGKILL)
            _ = try await move.end()
            try await tool("op", "cleanup", try move.operation()).succeeded()
            #expect(try await Self.state(hosts, 1, "movekilled") == "running")
            #expect(try await hosts.contents() == before)
            try await hosts.virsh(1, "destroy", "movekilled").succeeded()
        }

        @Test("Options that don't go together, and numbers that make no sense, are named")
        func wrong() async throws {
            let tool = try Tool(topology: EmbeddedHosts.current().topology)
            for (words, part) in [
                (["--live", "--cold"], "--live and --cold"), (["--shutdown-timeout", "0"], "no number of seconds"),
                (["--downtime", "soon"], "no number of seconds"), (["--connections", "4"], "with --native"),
            ] {
                let outcome = try await tool(["migrate", "host1", "host2", "nobody"] + words)
                #expect(outcome.code == 64 && outcome.error.contains(part), "\(outcome)")
            }
            let two = try await tool("migrate", "host1", "host2,host3", "nobody")
            #expect(two.code == 64 && two.error.contains("moves to one host"), "\(two)")
        }
    }
}
