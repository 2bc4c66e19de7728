import Foundation
import Testing

extension Integration.Embedded {
    @Suite struct InterruptionTests {
        /// A copy to two targets that is stopped on its way. Nothing may have its final name, and once it is cleaned up nothing
        /// may be left of it.
        private func interrupt(_ name: String, signal: Int32) async throws -> Outcome {
            let (hosts, tool) = try await CopyTests.machine(name, size: 16, data: 12)
            let before = try await hosts.contents()
            let copy = try RunningCopy(tool, ["replicate", "host1", "host2,host3", name, "--bwlimit", "4M"])
            try await copy.waitForWire(4 << 20)
            let agents = ProcessIdentity.children(of: copy.process.id)
            #expect(agents.count == 3)
            copy.process.signal(signal)
            let outcome = try await copy.end(within: 30)
            try await waitUntil("the agents end", within: 20) { !agents.contains { $0.isAlive } }
            #expect(
                try await hosts.contents().filter { $0.contains("\(name)") }.count
                    == before.filter { $0.contains("\(name)") }.count)
            try await tool("op", "cleanup", "--all").succeeded()
            try await waitUntil("nothing is left on the hosts", within: 10) { try await hosts.contents() == before }
            return outcome
        }

        @Test("Ctrl-C in the middle ends with 75 and no agent; a clean-up leaves no file and no VM")
        func interrupted() async throws {
            let outcome = try await interrupt("int", signal: SIGINT)
            #expect(outcome.code == 75 && !outcome.wasKilled, "\(outcome)")
            #expect(outcome.error.contains("stopping, what is copied is kept; again to undo it"))
        }

        @Test("SIGTERM in the middle does the same")
        func terminated() async throws {
            let outcome = try await interrupt("term", signal: SIGTERM)
            #expect(outcome.code == 75 && !outcome.wasKilled, "\(outcome)")
        }

        @Test("agents whose coordinator is killed end by themselves and leave nothing under a final name")
        func killed() async throws {
            let outcome = try await interrupt("kill", signal: SIGKILL)
            #expect(outcome.wasKilled)
        }

        @Test("a second run on the same VM leaves with 75 while the first goes on to its end")
        func twoAtOnce() async throws {
            let (hosts, tool) = try await CopyTests.machine("twice", size: 16, data: 12)
            let first = try RunningCopy(tool, ["clone", "host1", "host2", "twice", "--bwlimit", "4M"])
            try await first.waitForWire(2 << 20)
            let second = try await tool("clone", "host1", "host3", "twice", "-o", "json")
            #expect(second.code == 75, "\(second)")
            let ended = try await first.end()
            #expect(ended.code == 0, "\(ended)")
            #expect(try await !hosts.names(3).contains("twice_clone"))
            let later = try await tool("clone", "host1", "host3", "twice")
            #expect(later.code == 0, "\(later)")
        }

        @Test("a killed agent of one target fails that target; the other completes: exit 3")
        func targetAgent() async throws {
            let (hosts, tool) = try await CopyTests.machine("agentless", size: 16, data: 12)
            let copy = try RunningCopy(tool, ["replicate", "host1", "host2,host3", "agentless", "--bwlimit", "4M"])
            try await copy.waitForWire(2 << 20)
            try await killAgent(of: copy, state: "hosts/host3")
            let outcome = try await copy.end()
            #expect(outcome.code == 3, "\(outcome)")
            #expect(outcome.error.contains("host3: "))
            #expect(try await hosts.names(2).contains("agentless"))
            let left = try await hosts.contents().filter { $0.hasPrefix("3") && $0.contains("agentless") }
            #expect(left.isEmpty, "\(left)")
            #expect(outcome.error.contains("kvm-clone op resume "), "\(outcome)")
            let again = try await tool("replicate", "host1", "host2,host3", "agentless")
            #expect(again.code == 0 && again.error.contains("going on with operation"), "\(again)")
            #expect(try await hosts.names(3).contains("agentless"))
        }

        @Test("a killed agent of the source fails the copy, and a clean-up leaves nothing")
        func sourceAgent() async throws {
            let (hosts, tool) = try await CopyTests.machine("sourceless", size: 16, data: 12)
            let before = try await hosts.contents()
            let copy = try RunningCopy(tool, ["replicate", "host1", "host2,host3", "sourceless", "--bwlimit", "4M"])
            try await copy.waitForWire(2 << 20)
            try await killAgent(of: copy, state: "hosts/host1")
            let outcome = try await copy.end()
            #expect(![0, 3].contains(outcome.code) && !outcome.wasKilled, "\(outcome)")
            #expect(outcome.error.contains("host1"), "\(outcome)")
            try await tool("op", "cleanup", "--all").succeeded()
            try await waitUntil("nothing is left", within: 10) { try await hosts.contents() == before }
        }

        @Test("a source that is written to during the copy fails it", arguments: ["raw", "qcow2"])
        func changed(_ format: String) async throws {
            let hosts = try EmbeddedHosts.current()
            let name = "changed-\(format)"
            let raw = "\(hosts.pool(1))/\(name).raw"
            let disk = "\(hosts.pool(1))/\(name).\(format)"
            try DiskFile.raw(raw, size: 16, data: 12)
            if format == "qcow2" { try await DiskFile.qcow2(disk, from: raw) }
            try await hosts.define(Machine(name: name, disks: [.init(path: disk, format: format)]))
            let before = try await hosts.contents()
            let copy = try RunningCopy(try hosts.tool(), ["clone", "host1", "host2", name, "--bwlimit", "4M"])
            try await copy.waitForWire(2 << 20)
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: disk))
            try file.seek(toOffset: 1 << 20)
            try file.write(contentsOf: Data([1]))
            try file.close()
            let outcome = try await copy.end()
            #expect(outcome.code == 13, "\(outcome)")
            #expect(outcome.error.contains("\(disk): its contents were written"), "\(outcome)")
            try await waitUntil("nothing is left", within: 10) { try await hosts.contents() == before }
        }

        @Test("QEMU's own tools are refused the source while it is copied")
        func locked() async throws {
            let (hosts, tool) = try await CopyTests.machine("locked", size: 16, data: 12)
            let copy = try RunningCopy(tool, ["clone", "host1", "host2", "locked", "--bwlimit", "4M"])
            try await copy.waitForWire(2 << 20)
            let write = try await run(
                ["qemu-io", "-f", "raw", "-c", "write 0 512", "\(hosts.pool(1))/locked.raw"])
            #expect(write.code != 0 && (write.error + write.output).contains("lock"), "\(write)")
            let ended = try await copy.end()
            #expect(ended.code == 0, "\(ended)")
        }

        private func killAgent(of copy: RunningCopy, state: String) async throws {
            let agents = ProcessIdentity.children(of: copy.process.id).filter {
                let line = FileManager.default.contents(atPath: "/proc/\($0.id)/cmdline") ?? Data()
                return String(decoding: line, as: UTF8.self).contains(state)
            }
            try #require(agents.count == 1)
            kill(agents[0].id, SIGKILL)
        }
    }
}
