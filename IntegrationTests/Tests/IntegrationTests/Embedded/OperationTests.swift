import Foundation
import Glibc
import Testing

extension Integration.Embedded {
    /// Operations as other processes see them.
    @Suite struct OperationTests {
        /// A slow copy to two targets that is well under way.
        private func running(_ name: String, limit: String = "4M") async throws -> Running {
            let (hosts, tool) = try await CopyTests.machine(name, size: 16, data: 12)
            let before = try await hosts.contents()
            let copy = try RunningCopy(tool, ["replicate", "host1", "host2,host3", name, "--bwlimit", limit])
            try await copy.waitForWire(2 << 20)
            let id = try #require(try copy.eventsSoFar().first?.operation)
            return Running(hosts: hosts, tool: tool, copy: copy, id: id, before: before)
        }

        private struct Running {
            var hosts: EmbeddedHosts
            var tool: Tool
            var copy: RunningCopy
            var id: String
            var before: Set<String>

            /// Kills the coordinator and, before they can tidy up, its agents.
            func kill() async throws {
                copy.process.signal(SIGSTOP)
                for agent in ProcessIdentity.children(of: copy.process.id) { Glibc.kill(agent.id, SIGKILL) }
                copy.process.signal(SIGKILL)
                #expect(try await copy.end().wasKilled)
            }

            func field(_ name: String, _ words: String...) async throws -> Any? {
                let outcome = try await tool(words + [id, "-o", "json"]).succeeded()
                return try (JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])?[name]
            }
        }

        @Test("a copy killed with its agents is interrupted; cleaning up leaves nothing, and the copy can be made anew")
        func killed() async throws {
            let run = try await running("crashed")
            #expect(try await run.field("status", "status") as? String == "running")
            try await run.kill()
            #expect(try await run.hosts.contents() != run.before, "nothing was left that could be cleaned up")
            #expect(try await run.field("status", "status") as? String == "interrupted")
            #expect(try await run.tool("status").output.contains("interrupted"))
            #expect(try await run.tool("status", "--active", "-o", "name").output.isEmpty)
            #expect(try await run.tool("op", "list", "-o", "name").trimmed == run.id)
            #expect(try await (run.field("process", "op", "show") as? [String: Any])?["alive"] as? Bool == false)
            for words in [["op", "wait"], ["op", "cancel"], ["status", "--follow"]] {
                let outcome = try await run.tool(words + [run.id])
                #expect(outcome.code == 75, "\(outcome)")
                #expect(outcome.error.contains("op cleanup \(run.id)"), "\(outcome)")
                #expect(outcome.error.contains("op resume \(run.id)"), "\(outcome)")
            }

            let left = try await run.hosts.contents()
            let steps = try await run.tool("op", "cleanup", "--dry-run")
            #expect(steps.code == 0)
            for part in ["host1", "host2", "host3", "partial files"] {
                #expect(steps.output.contains(part), "\(steps)")
            }
            #expect(try await run.hosts.contents() == left)

            let clean = try await run.tool("op", "cleanup", String(run.id.prefix(6)).lowercased())
            #expect(clean.code == 0 && clean.output.contains("undone"), "\(clean)")
            #expect(try await run.hosts.contents() == run.before)
            #expect(try await run.field("status", "status") as? String == "failed")
            #expect(try await (run.field("open_steps", "op", "show") as? [Any])?.isEmpty == true)
            #expect(try await run.tool("op", "wait", run.id).code == 1)
            let again = try await run.tool("op", "cleanup", "--all")
            #expect(again.code == 0 && again.output.isEmpty && again.error.contains("nothing"), "\(again)")
            #expect(try await run.tool("op", "logs", run.id).output.contains("cleaned up"))

            let anew = try await run.tool("replicate", "host1", "host2,host3", "crashed")
            #expect(anew.code == 0, "\(anew)")
        }

        @Test("a host that can't be reached keeps its steps, and the rest is undone: exit 3")
        func unreachable() async throws {
            let run = try await running("halfway")
            try await run.kill()
            // The same topology without the third host.
            let short = run.hosts.topology.split(separator: "\n").map {
                $0.contains("host3") ? $0.replacingOccurrences(of: "host3", with: "elsewhere") : String($0)
            }.joined(separator: "\n")
            let topology = try run.tool.scratch.write("short.yaml", short + "\n")
            let part = try await run.tool("op", "cleanup", run.id, "-t", topology)
            #expect(part.code == 3 && part.error.contains("host3"), "\(part)")
            #expect(try await run.field("status", "status") as? String == "interrupted")
            let steps = try await run.tool("op", "cleanup", run.id, "--dry-run")
            #expect(steps.output.contains("host3") && !steps.output.contains("host2  "), "\(steps)")
            let rest = try await run.tool("op", "cleanup", "--all", "-o", "json")
            #expect(rest.code == 0, "\(rest)")
            #expect(try await run.hosts.contents() == run.before)
        }

        @Test(
            "cancelled from another process, a copy stops, ends with 130 and leaves nothing", arguments: [true, false])
        func cancel(waits: Bool) async throws {
            let run = try await running("cancelled-\(waits)")
            let cancel = try await run.tool(["op", "cancel", run.id] + (waits ? [] : ["--no-wait"]))
            #expect(cancel.code == 0, "\(cancel)")
            if waits { #expect(cancel.output.contains("cancelled"), "\(cancel)") }
            let wait = try await run.tool("op", "wait", run.id)
            #expect(wait.code == 130, "\(wait)")
            let outcome = try await run.copy.end(within: 30)
            #expect(outcome.code == 130 && !outcome.wasKilled, "\(outcome)")
            #expect(try await run.hosts.contents() == run.before)
            #expect(try await run.field("status", "status") as? String == "cancelled")
            // Asked again, it is as it was asked to be.
            #expect(try await run.tool("op", "cancel", run.id).code == 0)
            let busy = try await run.tool("op", "cleanup", run.id)
            #expect(busy.code == 0 && busy.output.contains("nothing to undo"), "\(busy)")
        }

        @Test("a running operation can't be cleaned up; waiting for it takes as long as it may, and ends with its code")
        func wait() async throws {
            let run = try await running("awaited")
            let busy = try await run.tool("op", "cleanup", run.id)
            #expect(busy.code == 75 && busy.error.contains("op cancel"), "\(busy)")
            let short = try await run.tool("op", "wait", run.id, "--timeout", "1", "-o", "json")
            #expect(short.code == 124, "\(short)")
            #expect(try short.errorDocument().error.code == 1202)
            let wait = try await run.tool("op", "wait", run.id, "--timeout", "100")
            #expect(wait.code == 0 && wait.output.contains("completed"), "\(wait)")
            #expect(try await run.copy.end().code == 0)
            let late = try await run.tool("op", "cancel", run.id)
            #expect(late.code == 1 && late.error.contains("had ended before"), "\(late)")

            // The name is taken now on both; one new host makes a part.
            try await run.hosts.virsh(3, "undefine", "awaited").succeeded()
            try FileManager.default.removeItem(atPath: "\(run.hosts.pool(3))/awaited-vda.img")
            let part = try await run.tool("replicate", "host1", "host2,host3", "awaited")
            #expect(part.code == 3, "\(part)")
            let newest = try await run.tool("op", "list", "--all", "-o", "name").lines
            let second = try #require(newest.first)
            #expect(newest.count == 2 && second != run.id)
            let ended = try await run.tool("op", "wait", second)
            #expect(ended.code == 3 && ended.error.contains("[1004] host2"), "\(ended)")
            #expect(try await run.tool("op", "wait", run.id, second).code == 3)
        }

        @Test("following shows the progress of another process' operation, and ends with it and with its code")
        func follow() async throws {
            let run = try await running("followed")
            let events = run.tool.scratch.path("followed.jsonl")
            let lines = try run.tool.start(["status", "--follow", run.id, "--events-file", events])
            let stopped = try run.tool.start(["status", "--follow"])
            let logs = try run.tool.start(["op", "logs", "--follow", run.id, "-o", "json"])
            try await waitUntil("progress is shown") { stopped.standardError.contains("%") }
            stopped.signal(SIGINT)
            let watched = try await stopped.end(within: 10)
            #expect(watched.code == 130 && watched.error.contains("goes on"), "\(watched)")

            #expect(try await run.copy.end().code == 0)
            let outcome = try await lines.end(within: 10)
            #expect(outcome.code == 0, "\(outcome)")
            #expect(outcome.output.contains("completed") && !outcome.output.contains("copying"), "\(outcome)")
            for part in ["host2: copying", "host3: copying", "host2: followed is complete", "replicate completed"] {
                #expect(outcome.error.contains(part), "\(outcome)")
            }
            #expect(!outcome.error.contains("\r") && !outcome.error.contains("\u{1b}"))
            let told = try EventDocument.lines(run.tool.scratch.text("followed.jsonl"))
            #expect(told.first?.type == "version" && told.last?.type == "ended" && told.last?.state == "completed")
            #expect(told.filter { $0.type == "target_ended" }.count == 2)
            #expect(told.contains { $0.type == "progress" && ($0.targets?.first?.wireBytes ?? 0) > 0 })
            #expect(Set(told.map(\.operation)) == [run.id])

            let log = try await logs.end(within: 10)
            #expect(log.code == 0, "\(log)")
            for line in log.lines {
                let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                #expect(entry?["message"] is String && entry?["level"] is String, "\(line)")
            }
            #expect(log.output.contains("replicate completed"))
        }

        @Test("a followed operation whose process is killed ends what follows, with 75")
        func followKilled() async throws {
            let run = try await running("unfollowed")
            let follower = try run.tool.start(["status", "--follow", run.id])
            let waiter = try run.tool.start(["op", "wait", run.id])
            try await waitUntil("progress is shown") { follower.standardError.contains("%") }
            try await run.kill()
            for process in [follower, waiter] {
                let outcome = try await process.end(within: 10)
                #expect(outcome.code == 75 && outcome.error.contains("op cleanup"), "\(outcome)")
            }
            #expect(try await run.tool("op", "cleanup", run.id).code == 0)
            #expect(try await run.hosts.contents() == run.before)
        }

        @Test("the log tells an operation's course, details with -v; only its owner can read it")
        func logs() async throws {
            let (_, tool) = try await CopyTests.machine("course", data: 1)
            try await tool("clone", "host1", "host2", "course").succeeded()
            let id = try await tool("op", "list", "--all", "-o", "name").trimmed
            let log = try await tool("op", "logs", id)
            #expect(log.code == 0)
            for part in ["clone of course from host1 to host2", "host2: copying", "is complete", "clone completed"] {
                #expect(log.output.contains(part), "\(log)")
            }
            #expect(!log.output.contains("DEBUG"))
            let details = try await tool("op", "logs", id, "-v")
            #expect(details.output.contains("DEBUG sent host=host1"), "\(details)")
            var folder = stat()
            #expect(stat(tool.scratch.path("state/kvm-clone"), &folder) == 0 && folder.st_mode & 0o077 == 0)
            let shown = try await tool("op", "show", id)
            #expect(shown.output.contains("host2  complete") && shown.output.contains("ended"), "\(shown)")
            #expect(try await tool("op", "show", id, "-o", "yaml").output.contains("operation_id: "))
        }

        @Test(
            "an id that nobody has is not found, and says where to look",
            arguments: [["show"], ["logs"], ["wait"], ["cancel"], ["cleanup"]])
        func unknown(_ words: [String]) async throws {
            let tool = try EmbeddedHosts.current().tool()
            let outcome = try await tool(["op"] + words + ["zz"])
            #expect(outcome.code == 10, "\(outcome)")
            #expect(outcome.error.contains("[1203]") && outcome.error.contains("op list --all"), "\(outcome)")
            let wrong = try await tool(["op"] + words + ["not/an/id"])
            #expect(wrong.code == 64 && wrong.error.contains("[1007]"), "\(wrong)")
        }
    }
}
