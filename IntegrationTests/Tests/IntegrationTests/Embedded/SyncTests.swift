import Foundation
import Testing

extension Integration.Embedded {
    /// Replicas: made, kept in sync, listed, verified, promoted.
    @Suite struct SyncTests {
        private static let size = 96

        /// A machine with a replica on each of two hosts, and some of it written since.
        private static func synced(
            _ name: String, changed: Int
        ) async throws -> (EmbeddedHosts, Tool, before: Set<String>) {
            let (hosts, tool) = try await CopyTests.machine(name, size: size, data: size)
            try await tool("sync", "host1", "host2,host3", name).succeeded()
            try await DiskFile.write("\(hosts.pool(1))/\(name).raw", format: "raw", at: 5, length: changed)
            return (hosts, tool, try await hosts.contents())
        }

        private static func isSame(_ hosts: EmbeddedHosts, _ host: Int, _ name: String) -> Bool {
            FileManager.default.contentsEqual(
                atPath: "\(hosts.pool(1))/\(name).raw", andPath: "\(hosts.pool(host))/\(name)-vda.img")
        }

        @Test("The first sync makes replicas that aren't defined, the next sends what has changed, and list shows it")
        func twice() async throws {
            let (hosts, tool, before) = try await Self.synced("synced", changed: 3)
            for host in [2, 3] { #expect(try await !hosts.names(host).contains("synced")) }
            let outcome = try await tool("sync", "host1", "host2,host3", "synced", "-o", "json")
            #expect(outcome.code == 0, "\(outcome)")
            for response in try outcome.decoded(as: [CloneResponse].self) {
                #expect(response.bytesTransferred < 4 << 20, "\(response)")
            }
            for host in [2, 3] { #expect(Self.isSame(hosts, host, "synced")) }
            #expect(try await hosts.contents() == before)
            let listed = try await tool("list", "host2")
            let row = listed.lines.map { $0.split(separator: " ").map(String.init) }.first {
                $0.dropFirst().first == "synced"
            }
            #expect(row?[2...3] == ["host1", "2"], "\(listed)")
            let document = try await tool("list", "host2", "-o", "json")
            #expect(document.output.contains(#""role": "replica""#), "\(document)")
            let plan = try await tool("sync", "host1", "host2", "synced", "--dry-run")
            #expect(plan.code == 0 && plan.output.contains("replica of generation 2"), "\(plan)")
        }

        @Test("A coordinator that is killed while it syncs leaves the old replica; op cleanup or the next sync goes on")
        func killed() async throws {
            for isCleanedUp in [true, false] {
                let name = isCleanedUp ? "synckilled" : "syncagain"
                let (hosts, tool, before) = try await Self.synced(name, changed: 48)
                let old = try #require(
                    FileManager.default.contents(atPath: "\(hosts.pool(2))/\(name)-vda.img"))
                let copy = try RunningCopy(
                    tool, ["sync", "host1", "host2", name, "--no-compress", "--bwlimit", "16M"])
                try await copy.waitForWire(8 << 20)
                copy.process.signal(SIGSTOP)
                for agent in ProcessIdentity.children(of: copy.process.id) { kill(agent.id, SIGKILL) }
                copy.process.signal(SIGKILL)
                _ = try await copy.end()
                #expect(FileManager.default.contents(atPath: "\(hosts.pool(2))/\(name)-vda.img") == old)
                if isCleanedUp { try await tool("op", "cleanup", try copy.operation()).succeeded() }
                let again = try await tool("sync", "host1", "host2", name)
                #expect(again.code == 0, "\(again)")
                #expect(Self.isSame(hosts, 2, name))
                #expect(try await hosts.contents() == before)
            }
        }

        @Test("verify finds a flipped bit in a replica; that blocks sync and promotion, and --repair mends it")
        func repaired() async throws {
            let (hosts, tool, before) = try await Self.synced("syncflip", changed: 1)
            try await tool("sync", "host1", "host2,host3", "syncflip").succeeded()
            try await DiskFile.write("\(hosts.pool(2))/syncflip-vda.img", format: "raw", at: 60, length: 1)
            let found = try await tool("verify", "host1", "host2,host3", "syncflip")
            #expect(found.code == 1 && found.output.contains("differed"), "\(found)")
            for words in [["sync", "host1", "host2", "syncflip"], ["promote", "host2", "syncflip"]] {
                let refusal = try await tool(words)
                #expect(refusal.code == 17 && refusal.error.contains("verify --repair"), "\(refusal)")
            }
            let mended = try await tool("verify", "--repair", "host1", "host2,host3", "syncflip")
            #expect(mended.code == 0, "\(mended)")
            #expect(Self.isSame(hosts, 2, "syncflip"))
            #expect(try await hosts.contents() == before)
            try await tool("sync", "host1", "host2", "syncflip").succeeded()
        }

        @Test("A replica is promoted with its origin's identity once that is gone, and as a VM of its own before")
        func promoted() async throws {
            let (hosts, tool, _) = try await Self.synced("syncpro", changed: 1)
            let refusal = try await tool("promote", "host2", "syncpro")
            #expect(refusal.code == 17 && refusal.error.contains("--new-identity"), "\(refusal)")
            let own = try await tool("promote", "host3", "syncpro", "--new-identity", "--new-name", "syncpro-own")
            #expect(own.code == 0 && own.output.contains("virsh start syncpro-own"), "\(own)")
            let uuid = try await hosts.virsh(1, "domuuid", "syncpro").succeeded().trimmed
            try await hosts.virsh(1, "undefine", "syncpro").succeeded()
            try await tool("promote", "host2", "syncpro").succeeded()
            #expect(try await hosts.virsh(2, "domuuid", "syncpro").succeeded().trimmed == uuid)
            #expect(try await hosts.virsh(3, "domuuid", "syncpro-own").succeeded().trimmed != uuid)
            #expect(try await hosts.contents().filter { $0.contains("syncpro.kvm-clone-replica") } == [])
        }
    }
}
