import Foundation
import Testing

extension Integration.Embedded {
    /// Copies that are stopped or killed, and gone on with.
    @Suite struct ResumeTests {
        private static let size = 96

        private struct Running {
            var hosts: EmbeddedHosts
            var tool: Tool
            var copy: RunningCopy
            var before: Set<String>
            var words: [String]

            func isSame(on host: Int, _ name: String) throws -> Bool {
                FileManager.default.contentsEqual(
                    atPath: "\(hosts.pool(1))/\(name).raw", andPath: "\(hosts.pool(host))/\(name)-vda.img")
            }
        }

        /// A copy to two targets that has moved half of its bytes.
        private func halfway(_ name: String) async throws -> Running {
            let (hosts, tool) = try await CopyTests.machine(name, size: Self.size, data: Self.size)
            let before = try await hosts.contents()
            let words = ["replicate", "host1", "host2,host3", name, "--no-compress"]
            let copy = try RunningCopy(tool, words + ["--bwlimit", "48M", "--fanout", "star"])
            try await copy.waitForWire(48 << 20)
            return Running(hosts: hosts, tool: tool, copy: copy, before: before, words: words)
        }

        @Test(
            "Ctrl-C once keeps what is copied and ends with 75; the same command typed again sends only the rest, and says so"
        )
        func sameCommand() async throws {
            let run = try await halfway("kept")
            run.copy.process.signal(SIGINT)
            let stopped = try await run.copy.end(within: 30)
            #expect(stopped.code == 75 && !stopped.wasKilled, "\(stopped)")
            #expect(stopped.error.contains("MiB kept") && stopped.error.contains("kvm-clone op resume "), "\(stopped)")
            #expect(try await run.hosts.names(2).contains("kept") == false)
            let status = try await run.tool("status")
            #expect(status.output.contains("interrupted"))

            let again = try await run.tool(run.words)
            #expect(again.code == 0, "\(again)")
            #expect(again.error.contains("going on with operation"), "\(again)")
            #expect(again.error.contains("MiB of 96.0 MiB are there already"), "\(again)")
            #expect(try run.isSame(on: 2, "kept") && run.isSame(on: 3, "kept"))
            let id = try run.copy.operation()
            #expect(try await run.hosts.contents().filter { $0.contains(".kvm-clone-\(id)") } == [])
            #expect(try await run.tool("op", "list", "-o", "name").output.isEmpty)
        }

        @Test("Ctrl-C twice cleans up and ends with 130")
        func twice() async throws {
            let run = try await halfway("undone")
            // Two of one kind may reach the process as one.
            run.copy.process.signal(SIGINT)
            run.copy.process.signal(SIGTERM)
            let stopped = try await run.copy.end(within: 30)
            #expect([130, 143].contains(stopped.code) && !stopped.wasKilled, "\(stopped)")
            try await waitUntil("nothing is left", within: 10) { try await run.hosts.contents() == run.before }
            #expect(try await run.tool("op", "list", "-o", "name").output.isEmpty)
        }

        @Test("a copy whose coordinator and agents were killed is gone on with by op resume, from what is there")
        func killed() async throws {
            let run = try await halfway("crashed2")
            run.copy.process.signal(SIGSTOP)
            for agent in ProcessIdentity.children(of: run.copy.process.id) { kill(agent.id, SIGKILL) }
            run.copy.process.signal(SIGKILL)
            #expect(try await run.copy.end().wasKilled)
            let id = try await run.tool("op", "list", "-o", "name").trimmed
            let other = try await run.tool("clone", "host1", "host2", "crashed2", "-n", "crashed2")
            #expect(other.code == 75, "the name belongs to the interrupted operation: \(other)")
            #expect(other.error.contains("op resume \(id)") && other.error.contains("op cleanup \(id)"), "\(other)")
            let resumed = try await run.tool("op", "resume", id, "-o", "json")
            #expect(resumed.code == 0, "\(resumed)")
            let responses = try resumed.decoded(as: [CloneResponse].self)
            #expect(responses.map(\.success) == [true, true])
            // Killed at half; whatever had come but for the last unit of each stream is used again.
            #expect(responses.allSatisfy { $0.bytesTransferred < 96 << 20 }, "\(responses)")
            #expect(try run.isSame(on: 2, "crashed2") && run.isSame(on: 3, "crashed2"))
            let twice = try await run.tool("op", "resume", id)
            #expect(twice.code == 64, "\(twice)")
        }

        @Test("a source that was written to since is copied from its beginning, and that is said")
        func changed() async throws {
            let run = try await halfway("rewritten")
            run.copy.process.signal(SIGINT)
            #expect(try await run.copy.end(within: 30).code == 75)
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: "\(run.hosts.pool(1))/rewritten.raw"))
            try file.write(contentsOf: Data("another guest".utf8))
            try file.close()
            let again = try await run.tool(run.words)
            #expect(again.code == 0, "\(again)")
            #expect(again.error.contains("the source has changed since"), "\(again)")
            #expect(try run.isSame(on: 2, "rewritten") && run.isSame(on: 3, "rewritten"))
        }

        @Test("op cancel --keep keeps what is copied; op cleanup removes it")
        func keep() async throws {
            let run = try await halfway("cancelled-kept")
            let id = try #require(try run.copy.eventsSoFar().first?.operation)
            let cancel = try await run.tool("op", "cancel", id, "--keep")
            #expect(cancel.code == 0 && cancel.output.contains("interrupted"), "\(cancel)")
            #expect(try await run.copy.end(within: 30).code == 75)
            try await run.tool("op", "cleanup", id).succeeded()
            try await waitUntil("nothing is left", within: 10) { try await run.hosts.contents() == run.before }
        }
    }
}
