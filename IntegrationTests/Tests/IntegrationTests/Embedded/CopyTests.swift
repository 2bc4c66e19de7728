import Foundation
import Testing

extension Integration.Embedded {
    @Suite struct CopyTests {
        /// A VM of a name of its own with one raw disk on the first host.
        static func machine(_ name: String, size: Int = 32, data: Int = 6) async throws -> (EmbeddedHosts, Tool) {
            let hosts = try EmbeddedHosts.current()
            let disk = "\(hosts.pool(1))/\(name).raw"
            try DiskFile.raw(disk, size: size, data: data)
            try await hosts.define(Machine(name: name, disks: [.init(path: disk)]))
            return (hosts, try hosts.tool())
        }

        @Test("clone makes VM_clone with equal contents, holes and an identity of its own")
        func clone() async throws {
            let (hosts, tool) = try await Self.machine("simple")
            let outcome = try await tool("clone", "host1", "host2", "simple")
            #expect(outcome.code == 0, "\(outcome)")
            #expect(outcome.output.contains("simple_clone") && outcome.output.contains("complete"))
            let list = try await tool("list", "-o", "json").decoded(as: [String: [VMDocument]].self)
            let source = try #require(list["host1"]?.first { $0.name == "simple" })
            let copy = try #require(list["host2"]?.first { $0.name == "simple_clone" })
            #expect(copy.uuid != source.uuid && copy.state == "stopped")
            #expect(copy.networks.first?.macAddress != source.networks.first?.macAddress)
            let path = try #require(copy.disks.first?.path)
            #expect(path.hasPrefix(hosts.pool(2) + "/"))
            #expect(try await DiskFile.areEqual("\(hosts.pool(1))/simple.raw", "raw", path, "raw"))
            #expect(try DiskFile.allocated(path) < 8 << 20, "the holes were filled")
        }

        @Test("replicate keeps the name on every target; the JSON answer holds the seed's response for each")
        func replicate() async throws {
            let (hosts, tool) = try await Self.machine("fan")
            let outcome = try await tool("replicate", "host1", "host2,host3", "fan", "-o", "json")
            #expect(outcome.code == 0, "\(outcome)")
            let keys = try #require(
                JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]]
            ).map { Set($0.keys) }
            #expect(keys == [CloneResponse.keys, CloneResponse.keys])
            let responses = try outcome.decoded(as: [CloneResponse].self)
            #expect(responses.map(\.destHost) == ["host2", "host3"])
            for response in responses {
                #expect(response.success && response.error == nil && response.errorCode == nil)
                #expect(response.vmName == "fan" && response.newVmName == "fan" && response.sourceHost == "host1")
                #expect(response.bytesTransferred >= 6 << 20 && response.duration > 0)
            }
            #expect(Set(responses.map(\.operationId)).count == 1)
            for host in [2, 3] {
                #expect(try await hosts.names(host).contains("fan"))
                let copy = "\(hosts.pool(host))/fan-vda.img"
                #expect(try await DiskFile.areEqual("\(hosts.pool(1))/fan.raw", "raw", copy, "raw"))
            }
        }

        @Test("clone's JSON answer for one target is one response")
        func oneResponse() async throws {
            let (_, tool) = try await Self.machine("single", data: 1)
            let response = try await tool("clone", "host1", "host2", "single", "-o", "json")
                .decoded(as: CloneResponse.self)
            #expect(response.success && response.newVmName == "single_clone")
        }

        @Test("--dry-run shows the plan and changes nothing", arguments: ["text", "json", "yaml", "name"])
        func dryRun(_ format: String) async throws {
            let name = "dry-\(format)"
            let (hosts, tool) = try await Self.machine(name, data: 1)
            let before = try await hosts.contents()
            let outcome = try await tool("clone", "host1", "host2", name, "--dry-run", "-o", format)
            #expect(outcome.code == 0 && outcome.output.contains("\(name)_clone"), "\(outcome)")
            if format == "json" {
                let plan = try outcome.decoded(as: PlanDocument.self)
                #expect(plan.vm == name && plan.targets.map(\.host) == ["host2"])
                #expect(plan.files.map(\.size) == [32 << 20])
            }
            #expect(try await hosts.contents() == before)
        }

        @Test("--print-xml prints the copy's domain XML and changes nothing")
        func printXML() async throws {
            let (hosts, tool) = try await Self.machine("printed", data: 1)
            let before = try await hosts.contents()
            let outcome = try await tool("clone", "host1", "host2", "printed", "--print-xml", "-n", "other")
            #expect(outcome.code == 0, "\(outcome)")
            #expect(outcome.output.contains("<name>other</name>"))
            #expect(outcome.output.contains("\(hosts.pool(2))/other-vda.img"))
            #expect(!outcome.output.contains("52:54:00:12:34:56"))
            #expect(try await hosts.contents() == before)
        }

        @Test("--force replaces a VM of that name, its disk and its identity")
        func force() async throws {
            let (hosts, tool) = try await Self.machine("forced")
            #expect(try await tool("replicate", "host1", "host2", "forced").code == 0)
            let first = try await hosts.virsh(2, "domuuid", "forced").trimmed
            try await DiskFile.write("\(hosts.pool(1))/forced.raw", format: "raw", at: 20, length: 1)
            let refused = try await tool("replicate", "host1", "host2", "forced")
            #expect(refused.code == 11, "\(refused)")
            let outcome = try await tool("replicate", "host1", "host2", "forced", "--force", "--yes")
            #expect(outcome.code == 0, "\(outcome)")
            #expect(try await hosts.virsh(2, "domuuid", "forced").trimmed != first)
            let copy = "\(hosts.pool(2))/forced-vda.img"
            #expect(try await DiskFile.areEqual("\(hosts.pool(1))/forced.raw", "raw", copy, "raw"))
            let left = try await hosts.contents().filter { $0.hasPrefix("2/") && $0.contains("forced") }
            #expect(left == ["2/forced-vda.img"])
        }

        @Test(
            "options of the copy are obeyed",
            arguments: [
                ["--no-verify"], ["--compress"], ["--no-compress"], ["--parallel", "1"], ["--parallel", "8"],
                ["--view", "guest"], ["--path", "coordinator"], ["--path", "direct"], ["--timeout", "60"],
                ["--deadline", "300"], ["--pool", "default"],
            ])
        func options(_ words: [String]) async throws {
            let name = "opt" + words.joined().replacingOccurrences(of: "--", with: "-")
            let (hosts, tool) = try await Self.machine(name, data: 3)
            let outcome = try await tool(["clone", "host1", "host2", name, "-n", name] + words)
            #expect(outcome.code == 0, "\(outcome)")
            let copy = "\(hosts.pool(2))/\(name)-vda.img"
            #expect(try await DiskFile.areEqual("\(hosts.pool(1))/\(name).raw", "raw", copy, "raw"))
            // VERIFIED and PATH are the last columns.
            let row = try #require(outcome.lines.last)
            let columns = row.split(separator: " ")
            #expect(columns.last == (words.last == "coordinator" ? "coordinator" : "direct"), "\(row)")
            #expect(columns.dropLast().last == (words == ["--no-verify"] ? "no" : "yes"), "\(row)")
        }

        @Test("--compress sends fewer bytes than the disk holds where they can be compressed")
        func compression() async throws {
            let (hosts, tool) = try await Self.machine("text", data: 1)
            try await DiskFile.write("\(hosts.pool(1))/text.raw", format: "raw", at: 4, length: 16)
            func sent(_ option: String, _ name: String) async throws -> UInt64 {
                try await tool("clone", "host1", "host2", "text", "-n", name, option, "-o", "json")
                    .decoded(as: CloneResponse.self).bytesTransferred
            }
            #expect(try await sent("--no-compress", "text1") > 16 << 20)
            #expect(try await sent("--compress", "text2") < 4 << 20)
        }

        @Test("--bwlimit holds: the mean rate isn't above it")
        func bandwidth() async throws {
            let (_, tool) = try await Self.machine("slow", data: 6)
            let response = try await tool("clone", "host1", "host2", "slow", "--bwlimit", "2M", "-o", "json")
                .decoded(as: CloneResponse.self)
            // A burst may pass at once.
            #expect(Double(response.bytesTransferred) / response.duration <= Double(3 << 20))
        }

        @Test("--preserve-mac keeps the MAC address")
        func preserveMAC() async throws {
            let (hosts, tool) = try await Self.machine("macs", data: 1)
            #expect(try await tool("clone", "host1", "host2", "macs", "--preserve-mac").code == 0)
            #expect(try await hosts.virsh(2, "dumpxml", "macs_clone").output.contains("52:54:00:12:34:56"))
        }

        @Test("--network-config maps networks; one that isn't on the target stops the copy before it begins")
        func networks() async throws {
            let (hosts, tool) = try await Self.machine("nets", data: 1)
            let before = try await hosts.contents()
            let map = try tool.scratch.write("networks.yaml", "default: lan\n")
            let refused = try await tool("clone", "host1", "host2", "nets", "--network-config", map)
            #expect(refused.code == 17, "\(refused)")
            #expect(refused.error.contains("lan"))
            #expect(try await hosts.contents() == before)
            let network = try tool.scratch.write(
                "net.xml",
                "<network><name>lan</name><bridge name='lan0'/><ip address='10.9.9.1' netmask='255.255.255.0'/></network>"
            )
            try await hosts.virsh(2, "net-define", network).succeeded()
            try await hosts.virsh(2, "net-start", "lan").succeeded()
            let outcome = try await tool("clone", "host1", "host2", "nets", "--network-config", map)
            #expect(outcome.code == 0, "\(outcome)")
            #expect(try await hosts.virsh(2, "dumpxml", "nets_clone").output.contains("network='lan'"))
        }
    }
}
