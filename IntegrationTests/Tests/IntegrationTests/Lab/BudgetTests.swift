import Foundation
import Testing

extension Integration.Lab {
    /// What limits let through, counted at the hosts' network interfaces over ten seconds. All limits are far below
    /// what the machine can do.
    @Suite struct BudgetTests {
        private static let limit = 8 << 20
        private static let seconds = 10.0
        private static let vm = "budget"

        /// Puts a VM with 192 MiB of random data on the first host.
        private func guest() async throws -> LabHosts {
            let hosts = try LabHosts.current()
            if try await !hosts.names(1).contains(Self.vm) {
                try await hosts.lab("guest", "kvm1", Self.vm, "--disk-format", "raw", "--size", "256M").succeeded()
                let disk = "\(LabHosts.images)/\(Self.vm).raw"
                try await hosts.shell(
                    1, "head -c 201326592 /dev/urandom | dd of=\(disk) bs=1M seek=64 conv=notrunc iflag=fullblock"
                ).succeeded()
            }
            return hosts
        }

        /// The lab's topology with two sites: the first host, and the others.
        private func sites(_ hosts: LabHosts, link: String, inbound: String? = nil) -> String {
            hosts.topology.split(separator: "\n").map { line -> String in
                if line == "hosts:" {
                    return "sites: { here: {}, there: {} }\nlinks: [{ between: [here, there], \(link) }]\nhosts:"
                }
                guard line.hasPrefix("  kvm") else { return String(line) }
                let site = line.hasPrefix("  kvm1:") ? "here" : "there"
                let cap = site == "there" ? inbound.map { " inbound: \($0)," } ?? "" : ""
                return line.replacingOccurrences(of: "{ address", with: "{ site: \(site),\(cap) address")
            }.joined(separator: "\n") + "\n"
        }

        /// Bytes per second that a host's interface sends or receives, over ten seconds from now.
        private func rate(_ hosts: LabHosts, _ host: Int, _ direction: String) async throws -> Double {
            let file = "/sys/class/net/eth0/statistics/\(direction)_bytes"
            let look = "cut -d' ' -f1 /proc/uptime; cat \(file)"
            let numbers = try await hosts.shell(host, "\(look); sleep \(Int(Self.seconds)); \(look)").succeeded().lines
                .compactMap { Double($0) }
            guard numbers.count == 4 else { throw Failure("no counters") }
            return (numbers[3] - numbers[1]) / (numbers[2] - numbers[0])
        }

        /// Waits until a copy is under way and a second more.
        private func start(_ tool: Tool, _ arguments: [String]) async throws -> RunningCopy {
            let copy = try RunningCopy(tool, arguments)
            try await copy.waitForWire(4 << 20)
            try await Task.sleep(for: .seconds(1))
            return copy
        }

        /// Fails unless a rate is within 5 % above and 15 % below the limit; what a bucket holds may come on top.
        private func holds(_ rate: Double, atLeast least: Double = 0.85, _ what: String) {
            let limit = Double(Self.limit)
            #expect(rate <= limit * (1.05 + 0.1 / Self.seconds), "\(what): \(rate / limit) of the limit")
            #expect(rate >= limit * least, "\(what): \(rate / limit) of the limit")
        }

        @Test(
            "--bwlimit, a link's limit and a host's inbound cap hold within 5 % over ten seconds",
            arguments: ["--bwlimit", "limit", "timetable", "inbound"])
        func single(kind: String) async throws {
            let hosts = try await guest()
            let before = try await hosts.contents()
            let tool =
                switch kind {
                case "limit": try Tool(topology: sites(hosts, link: "capacity: 1G, limit: 8M"))
                case "timetable": try Tool(topology: sites(hosts, link: "capacity: 1G, timetable: '00:00,8M'"))
                case "inbound": try Tool(topology: sites(hosts, link: "capacity: 1G", inbound: "8M"))
                default: try hosts.tool()
                }
            let copy = try await start(
                tool, ["clone", "kvm1", "kvm2", Self.vm] + (kind == "--bwlimit" ? ["--bwlimit", "00:00,8M"] : []))
            async let sent = rate(hosts, 1, "tx")
            async let received = rate(hosts, 2, "rx")
            holds(try await sent, "what kvm1 sent")
            holds(try await received, "what kvm2 received")
            let outcome = try await copy.end()
            #expect(outcome.code == 0, "\(outcome)")
            try await hosts.remove("\(Self.vm)_clone", from: 2)
            try await hosts.settles(to: before)
        }

        @Test(
            "with several targets --bwlimit holds for all that each host sends: in a star, a chain and trees",
            arguments: ["star", "chain", "auto"])
        func several(shape: String) async throws {
            let hosts = try await guest()
            let before = try await hosts.contents()
            let tool = try hosts.tool()
            let copy = try await start(
                tool,
                ["replicate", "kvm1", "kvm2,kvm3,kvm4", Self.vm, "--fanout", shape, "--bwlimit", "8M"])
            let rates = try await withThrowingTaskGroup(of: (Int, Double).self) { group in
                for host in 1...4 { group.addTask { (host, try await rate(hosts, host, "tx")) } }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            for (host, rate) in rates { holds(rate, atLeast: host == 1 ? 0.85 : 0, "what kvm\(host) sent (\(shape))") }
            // The rest tells nothing new.
            #expect(!copy.process.hasEnded)
            try await tool("op", "cancel", copy.operation()).succeeded()
            _ = try await copy.end(within: 30)
            try await tool("op", "cleanup", "--all").succeeded()
            try await hosts.settles(to: before)
        }

        @Test("a link with a limit carries no more than that for several targets together")
        func link() async throws {
            let hosts = try await guest()
            let before = try await hosts.contents()
            let copy = try await start(
                try Tool(topology: sites(hosts, link: "limit: 8M")),
                ["replicate", "kvm1", "kvm2,kvm3,kvm4", Self.vm])
            holds(try await rate(hosts, 1, "tx"), "what kvm1 sent")
            let outcome = try await copy.end()
            #expect(outcome.code == 0, "\(outcome)")
            for host in 2...4 { try await hosts.remove(Self.vm, from: host) }
            try await hosts.settles(to: before)
        }

        @Test(
            "while a limited copy goes through the coordinator, a host lists its VMs and the copy is cancelled at once")
        func control() async throws {
            let hosts = try await guest()
            let before = try await hosts.contents()
            let tool = try hosts.tool()
            let copy = try await start(
                tool, ["clone", "kvm1", "kvm2", Self.vm, "--path", "coordinator", "--bwlimit", "8M"])
            for host in ["kvm1", "kvm2"] { try await tool(["list", host], timeout: 10).succeeded() }
            // The copy's own process asks both hosts to undo what was done, over the connections that it has.
            try await tool("op", "cancel", copy.operation(), timeout: 10).succeeded()
            let outcome = try await copy.end(within: 15)
            #expect(outcome.code != 0 && !outcome.wasKilled, "\(outcome)")
            try await tool("op", "cleanup", "--all").succeeded()
            try await hosts.settles(to: before)
        }

        @Test("a second run plans with the rate that the first one saw, where the topology has none")
        func observed() async throws {
            let hosts = try await guest()
            let before = try await hosts.contents()
            // 160 Mbit/s, below what any machine can seal and write.
            let device = "dev eth0 root tbf rate 160mbit burst 256k latency 50ms"
            try await hosts.exec(1, "sh", "-c", "tc qdisc replace \(device)").succeeded()
            let result = await Result {
                let tool = try Tool(
                    topology: hosts.topology.replacingOccurrences(
                        of: "(up|down)link: [0-9]+, ", with: "", options: .regularExpression))
                let words = ["clone", "kvm1", "kvm2", Self.vm, "--dry-run"]
                #expect(try await tool(words).output.contains("is assumed where the topology has no rate: kvm1, kvm2"))
                let outcome = try await tool(Array(words.dropLast()))
                #expect(outcome.code == 0, "\(outcome)")
                let text = try await tool(words + ["-n", "another", "-o", "json"]).output
                let plan = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
                let distribution = try #require(plan?["distribution"] as? [String: Any], "\(text)")
                let observed = try #require((distribution["observed"] as? [[String: Any]])?.first, "\(text)")
                #expect(observed["from"] as? String == "kvm1" && observed["to"] as? String == "kvm2")
                let rate = try #require(observed["rate"] as? Double)
                #expect(rate > 0.8 * 20e6 && rate < 1.1 * 20e6, "\(rate)")
            }
            try await hosts.exec(1, "sh", "-c", "tc qdisc del dev eth0 root").succeeded()
            try result.get()
            try await hosts.remove("\(Self.vm)_clone", from: 2)
            try await hosts.settles(to: before)
        }
    }
}
