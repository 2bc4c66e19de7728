import Glibc
import Testing

@testable import SSH

/// What every kind of connection must do, against a real sshd.
@Suite("Every kind of connection", .serialized, .timeLimit(.minutes(5)))
struct ConformanceTests {
    static let kinds: [ConnectionPreference] = [.libssh2, .ssh, .local]

    private func withConnection(
        _ kind: ConnectionPreference, _ body: (any HostConnection) async throws -> Void
    ) async throws {
        let server = try await TestServer.start()
        do {
            let connection = try await server.connect(kind)
            #expect(connection.kind.rawValue == kind.rawValue)
            do { try await body(connection) } catch {
                await connection.close()
                throw error
            }
            await connection.close()
            #expect(!connection.isUsable)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    @Test("64 MiB go there and come back unchanged", arguments: kinds)
    func bulk(kind: ConnectionPreference) async throws {
        try await withConnection(kind) { connection in
            let process = try await connection.start(RemoteCommand([.text("cat")]))
            #expect(try await echo(process, mebibytes: 64, seed: 1) == 64 << 20)
            #expect(await process.waitForExit() == .exited(0))
        }
    }

    @Test("eight commands run at once, the ninth is refused", arguments: [.libssh2, .ssh] as [ConnectionPreference])
    func channels(kind: ConnectionPreference) async throws {
        try await withConnection(kind) { connection in
            var processes: [RemoteProcess] = []
            for _ in 0..<8 { processes.append(try await connection.start(RemoteCommand([.text("cat")]))) }
            await #expect {
                _ = try await connection.start(RemoteCommand([.text("cat")]))
            } throws: { error in
                if case .channel? = error as? SSHError { true } else { false }
            }
            try await withThrowingTaskGroup(of: Int.self) { group in
                for (index, process) in processes.enumerated() {
                    group.addTask { try await echo(process, mebibytes: 4, seed: UInt64(index)) }
                }
                for try await count in group { #expect(count == 4 << 20) }
            }
            for process in processes { #expect(await process.waitForExit() == .exited(0)) }
            let next = try await connection.start(RemoteCommand([.text("true")]))
            #expect(try await finish(next) == Finished(output: "", status: .exited(0)))
        }
    }

    @Test("end-of-file goes one way while the other stays open", arguments: kinds)
    func halfClose(kind: ConnectionPreference) async throws {
        try await withConnection(kind) { connection in
            let process = try await connection.start(
                RemoteCommand(script: "cat >/dev/null; echo after; exit 5"))
            #expect(try await finish(process, input: "x") == Finished(output: "after\n", status: .exited(5)))
        }
    }

    @Test("output that ends early leaves input open", arguments: kinds)
    func earlyEnd(kind: ConnectionPreference) async throws {
        try await withConnection(kind) { connection in
            let process = try await connection.start(
                RemoteCommand(script: "exec >/dev/null; test \"$(cat)\" = late"))
            #expect(try await finish(process, input: "late") == Finished(output: "", status: .exited(0)))
        }
    }

    @Test(
        "exit codes and signals are told",
        arguments: [
            (.libssh2, .signalled("KILL")), (.ssh, .exited(255)), (.local, .signalled("KILL")),
        ] as [(ConnectionPreference, RemoteExit)])
    func endings(kind: ConnectionPreference, killed: RemoteExit) async throws {
        try await withConnection(kind) { connection in
            let code = try await connection.start(RemoteCommand(script: "exit $1", arguments: [.text("42")]))
            #expect(try await finish(code).status == .exited(42))
            let signal = try await connection.start(RemoteCommand(script: "kill -9 $$"))
            #expect(try await finish(signal).status == killed)
            let missing = try await connection.start(RemoteCommand(script: "exec /nowhere"))
            #expect(try await finish(missing).status == .exited(127))
            #expect(missing.standardError.contains("/nowhere"))
        }
    }

    @Test("much stderr blocks nothing, and its end is kept", arguments: kinds)
    func errors(kind: ConnectionPreference) async throws {
        try await withConnection(kind) { connection in
            let process = try await connection.start(
                RemoteCommand(script: "head -c 3000000 /dev/zero | tr '\\0' e >&2; echo done; echo LAST >&2; exit 3"))
            #expect(try await finish(process) == Finished(output: "done\n", status: .exited(3)))
            #expect(process.standardError.utf8.count == 64 << 10)
            #expect(process.standardError.hasSuffix("eeee" + "LAST\n"))
        }
    }

    @Test("a command can be terminated, by itself or by cancelling who waits for it", arguments: kinds)
    func termination(kind: ConnectionPreference) async throws {
        try await withConnection(kind) { connection in
            for cancels in [false, true] {
                let process = try await connection.start(RemoteCommand([.text("sleep"), .text("1000")]))
                let waiting = Task { await process.waitForExit() }
                if cancels { waiting.cancel() } else { process.terminate() }
                let status = await waiting.value
                if kind == .local {
                    #expect(status == .signalled("TERM"))
                } else {
                    #expect(status == .lost("it was terminated"))
                }
            }
            let next = try await connection.start(RemoteCommand([.text("true")]))
            #expect(try await finish(next).status == .exited(0))
        }
    }

    @Test("a command stops when the local side closes the socket", arguments: kinds)
    func abandoned(kind: ConnectionPreference) async throws {
        try await withConnection(kind) { connection in
            let process = try await connection.start(RemoteCommand([.text("yes")]))
            _ = process.takeSocket()
            #expect(await process.waitForExit() != .exited(0))
        }
    }

    @Test("an accepted socket is joined to a command", arguments: kinds)
    func adoption(kind: ConnectionPreference) async throws {
        try await withConnection(kind) { connection in
            let pair = try SocketPair()
            let process = try await connection.start(
                RemoteCommand([.text("tr"), .text("a"), .text("b")]),
                adopting: OwnedDescriptor(owning: pair.second))
            #expect(throws: SSHError.self) { try takeSocket(process) }
            let output = try await onThread("stream") { _ throws(SSHError) in
                defer { close(pair.first) }
                send(pair.first, "abc", 3, Int32(MSG_NOSIGNAL))
                shutdown(pair.first, Int32(SHUT_WR))
                return readAll(pair.first)
            }
            #expect(String(decoding: output, as: UTF8.self) == "bbc")
            #expect(await process.waitForExit() == .exited(0))
        }
    }

    @Test("a killed connection is reported as lost", arguments: [.libssh2, .ssh] as [ConnectionPreference])
    func loss(kind: ConnectionPreference) async throws {
        try await withConnection(kind) { connection in
            // The parent of the command is this session's sshd.
            let finder = try await connection.start(RemoteCommand(script: "echo $PPID; exec cat"))
            let descriptor = try takeSocket(finder)
            defer { close(descriptor) }
            let line = try await onThread("stream") { _ throws(SSHError) in
                var chunk = [UInt8](repeating: 0, count: 64)
                let count = read(descriptor, &chunk, chunk.count)
                return String(decoding: chunk.prefix(max(0, count)), as: UTF8.self)
            }
            let pid = try #require(pid_t(line.split(separator: "\n").first ?? ""))
            #expect(kill(pid, SIGKILL) == 0)
            guard case .lost = await finder.waitForExit() else {
                Issue.record("\(String(describing: finder.exitStatus)) isn't a loss")
                return
            }
            await #expect {
                _ = try await connection.start(RemoteCommand([.text("true")]))
            } throws: { error in
                if case .lost? = error as? SSHError { true } else { false }
            }
        }
    }

    @Test("closing ends what still runs", arguments: kinds)
    func closing(kind: ConnectionPreference) async throws {
        try await withConnection(kind) { connection in
            let process = try await connection.start(RemoteCommand([.text("sleep"), .text("1000")]))
            await connection.close()
            #expect(await process.waitForExit() != .exited(0))
        }
    }
}
