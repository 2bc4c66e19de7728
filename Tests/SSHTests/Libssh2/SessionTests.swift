import Glibc
import Testing

@testable import SSH

@Suite("libssh2 sessions", .timeLimit(.minutes(5)))
struct SessionTests {
    private func withSession(
        _ lines: [String], _ body: (any HostConnection) async throws -> Void
    ) async throws {
        let server = try await TestServer.start(.init(lines: lines))
        do {
            let connection = try await server.connect(.libssh2)
            try await body(connection)
            await connection.close()
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    @Test("new keys are agreed on in the middle of streams")
    func rekeying() async throws {
        try await withSession(["RekeyLimit 2M"]) { connection in
            for seed in [1, 2] {
                let process = try await connection.start(RemoteCommand([.text("cat")]))
                #expect(try await echo(process, mebibytes: 12, seed: UInt64(seed)) == 12 << 20)
                #expect(await process.waitForExit() == .exited(0))
            }
        }
    }

    @Test("what comes for one channel while another is read is handed on at once, not at the next keep-alive")
    func readForAnother() async throws {
        try await withSession([]) { connection in
            let busy = try await connection.start(RemoteCommand([.text("cat")]))
            var idle: [RemoteProcess] = []
            for _ in 0..<4 { idle.append(try await connection.start(RemoteCommand([.text("cat")]))) }
            let slowest = try await pingPong(busy, rounds: 10_000)
            #expect(slowest < .seconds(SessionLoop.keepAliveSeconds / 2))
            for process in [busy] + idle { process.terminate() }
        }
    }

    @Test("an idle session answers the host's keep-alives")
    func idle() async throws {
        try await withSession(["ClientAliveInterval 1", "ClientAliveCountMax 2"]) { connection in
            for _ in 0..<2 {
                try await Task.sleep(for: .seconds(5))
                #expect(connection.isUsable)
                let process = try await connection.start(RemoteCommand([.text("true")]))
                #expect(try await finish(process).status == .exited(0))
            }
        }
    }

    @Test("a host that allows one command at a time serves one after the other")
    func oneAtATime() async throws {
        try await withSession(["MaxSessions 1"]) { connection in
            for _ in 0..<3 {
                let process = try await connection.start(RemoteCommand([.text("cat")]))
                await #expect {
                    _ = try await connection.start(RemoteCommand([.text("true")]))
                } throws: { error in
                    if case .channel? = error as? SSHError { true } else { false }
                }
                #expect(try await finish(process, input: "x") == Finished(output: "x", status: .exited(0)))
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    @Test("a reader that is slow stops the sender, not the other channels")
    func slowReader() async throws {
        try await withSession([]) { connection in
            let flood = try await connection.start(RemoteCommand([.text("cat"), .text("/dev/zero")]))
            for seed in 0..<3 {
                let process = try await connection.start(RemoteCommand([.text("cat")]))
                #expect(try await echo(process, mebibytes: 4, seed: UInt64(seed)) == 4 << 20)
            }
            flood.terminate()
            // sshd may tell at once that the broken pipe ended it.
            #expect([.lost("it was terminated"), .signalled("PIPE")].contains(await flood.waitForExit()))
        }
    }

    @Test("a queue gives back what was put in, across moves of its memory")
    func queue() {
        let queue = ByteQueue(capacity: 16)
        var expected: [UInt8] = []
        var next: UInt8 = 0
        for step in 0..<200 {
            let memory = queue.free()
            #expect(memory.count == queue.room)
            let count = min(memory.count, 1 + step % 7)
            for index in 0..<count {
                memory[index] = next
                expected.append(next)
                next &+= 1
            }
            queue.added(count)
            let taken = min(queue.bytes.count, 1 + step % 5)
            #expect(Array(queue.bytes.prefix(taken)) == Array(expected.prefix(taken)))
            expected.removeFirst(taken)
            queue.removeFirst(taken)
        }
        #expect(queue.isEmpty == expected.isEmpty)
    }
}
