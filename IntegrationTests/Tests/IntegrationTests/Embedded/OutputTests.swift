import Foundation
import Testing

extension Integration.Embedded {
    @Suite struct OutputTests {
        @Test("progress in a pipe is plain lines on standard error, the result alone on standard output")
        func plain() async throws {
            let (_, tool) = try await CopyTests.machine("plain", data: 2)
            let outcome = try await tool("replicate", "host1", "host2,host3", "plain")
            #expect(outcome.code == 0)
            #expect(outcome.lines.count == 3, "\(outcome)")
            #expect(!outcome.error.contains("\r") && !outcome.error.contains("\u{1b}"))
            for text in ["host2: copying", "host3: copying", "replicate completed"] {
                #expect(outcome.error.contains(text), "\(outcome.error)")
            }
        }

        @Test("--quiet leaves standard error empty")
        func quiet() async throws {
            let (_, tool) = try await CopyTests.machine("quiet", data: 1)
            let outcome = try await tool("clone", "host1", "host2", "quiet", "--quiet", "--no-compress")
            #expect(outcome.code == 0)
            #expect(!outcome.error.contains("copying"), "\(outcome.error)")
        }

        @Test("events are JSON lines from `version` to `ended`, on standard error and in a file at once")
        func events() async throws {
            let (_, tool) = try await CopyTests.machine("events", data: 4)
            let file = tool.scratch.path("events.jsonl")
            let outcome = try await tool(
                "replicate", "host1", "host2,host3", "events", "--progress", "jsonl", "--events-file", file)
            #expect(outcome.code == 0, "\(outcome)")
            for text in [outcome.error, tool.scratch.text("events.jsonl")] {
                let events = try EventDocument.lines(text)
                #expect(events.first?.type == "version" && events.first?.version == 1)
                #expect(events.last?.type == "ended" && events.last?.state == "completed")
                #expect(Set(events.map(\.operation)).count == 1)
                #expect(events.allSatisfy { !$0.message.isEmpty })
                let ended = events.filter { $0.type == "target_ended" }.compactMap(\.host)
                #expect(Set(ended) == ["host2", "host3"])
                let phases = events.filter { $0.type == "phase" && $0.host == "host2" }.compactMap(\.phase)
                #expect(phases == ["preparing", "connecting", "copying", "verifying", "publishing", "done"])
            }
        }

        @Test("bytes that are told grow only, and end at the disk's size")
        func figures() async throws {
            let (_, tool) = try await CopyTests.machine("figures", data: 6)
            let copy = try RunningCopy(tool, ["clone", "host1", "host2", "figures", "--bwlimit", "8M"])
            #expect(try await copy.end().code == 0)
            let copying = try copy.eventsSoFar().compactMap { $0.targets?.first }.filter { $0.phase == "copying" }
            let done = copying.compactMap { $0.disks.first?.done }
            #expect(done.count > 1 && done == done.sorted())
            #expect(copying.map(\.wireBytes) == copying.map(\.wireBytes).sorted())
            let last = try #require(copy.eventsSoFar().last { $0.type == "progress" }?.targets?.first?.disks.first)
            #expect(last.done == 32 << 20 && last.total == 32 << 20)
        }

        @Test("status shows operations that have ended, and one of them by its id")
        func status() async throws {
            let (_, tool) = try await CopyTests.machine("status", data: 1)
            let response = try await tool("clone", "host1", "host2", "status", "-o", "json")
                .decoded(as: CloneResponse.self)
            let all = try await tool("status", "--all")
            #expect(all.code == 0 && all.output.contains(response.operationId) && all.output.contains("completed"))
            #expect(try await tool("status", "-o", "name").output.isEmpty)
            let one = try await tool("status", response.operationId, "-o", "json")
            let object = try JSONSerialization.jsonObject(with: Data(one.output.utf8)) as? [String: Any]
            #expect(object?["status"] as? String == "completed" && object?["operation_type"] as? String == "clone")
            let none = try await tool("status", "ZZZZZZZZZZ", "-o", "json")
            #expect(none.code == 10, "\(none)")
            #expect(try none.errorDocument().error.code == 1203)
        }

        @Test("log records are JSON with operation, host and VM when that is asked for")
        func logs() async throws {
            let (_, tool) = try await CopyTests.machine("logged", data: 1)
            let outcome = try await tool(
                "clone", "host1", "host2", "logged", "--log-level", "DEBUG", "--log-format", "json", "--progress",
                "none")
            #expect(outcome.code == 0)
            let records = try outcome.error.split(separator: "\n").filter { $0.hasPrefix("{") }.map {
                try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
            #expect(!records.isEmpty)
            #expect(records.allSatisfy { $0["level"] != nil && $0["message"] != nil })
            for key in ["operation", "host", "vm"] {
                #expect(records.contains { "\($0)".contains(key) }, "no record with \(key)")
            }
        }

        @Test("a closed standard output ends the command with an error and without a crash")
        func closedPipe() async throws {
            let tool = try EmbeddedHosts.current().tool()
            let outcome = try await run(
                ["bash", "-c", "set -o pipefail; \"$0\" list -o json | true; exit ${PIPESTATUS[0]}", Setting.binary],
                environment: tool.environment)
            // `true` may have read the list before it went.
            #expect([0, 1, 141].contains(outcome.code), "\(outcome)")
            #expect(!outcome.error.contains("Fatal error") && !outcome.error.contains("Crash"))
            let full = try await tool.start(["list"], output: "/dev/full").end()
            #expect(full.code == 1 && full.error.contains("standard output"), "\(full)")
        }
    }
}
