import Glibc
import Testing

@testable import SSH

/// What stops a connection, alike for libssh2 and ssh(1).
@Suite("Refused and failed connections", .timeLimit(.minutes(5)))
struct RefusalTests {
    static let kinds: [ConnectionPreference] = [.libssh2, .ssh, .auto]

    private func failure(
        _ kind: ConnectionPreference, _ target: SSHTarget
    ) async throws -> SSHError? {
        do throws(SSHError) {
            let connected = try await Connector.connect(target, preference: kind)
            await connected.connection.close()
            return nil
        } catch {
            #expect(!error.whatToDo.isEmpty)
            return error
        }
    }

    private func withServer(_ body: (TestServer) async throws -> Void) async throws {
        let server = try await TestServer.start()
        do { try await body(server) } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    @Test("host keys: only a known one that isn't revoked is accepted", arguments: kinds)
    func hostKeys(kind: ConnectionPreference) async throws {
        try await withServer { server in
            let other = try TemporaryFolder()
            try await other.tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "\(other.path)/key")
            let otherKey = try other.read("key.pub")
            let fingerprint = try await server.folder.tool(
                "ssh-keygen", "-l", "-f", "\(server.folder.path)/host_ed25519.pub"
            ).split(separator: " ")[1]
            let good = try server.knownHostsLine()
            let name = "[127.0.0.1]:\(server.port)"

            func outcome(_ known: String) async throws -> SSHError? {
                try await failure(kind, server.target(knownHosts: known))
            }
            func problem(_ error: SSHError?) -> HostKeyProblem? {
                switch error {
                case .hostKeyUnknown(let problem), .hostKeyChanged(let problem), .hostKeyRevoked(let problem): problem
                default: nil
                }
            }

            #expect(try await outcome(good) == nil)
            #expect(try await outcome(server.knownHostsLine(host: "[127.0.0.*]:\(server.port)")) == nil)
            #expect(try await outcome(server.knownHostsLine(host: "127.0.0.1")) == nil)
            #expect(try await outcome(server.knownHostsLine("ecdsa")) == nil)

            for known in ["", try server.knownHostsLine(host: "[127.0.0.*]:\(server.port),!\(name)")] {
                let unknown = try await outcome(known)
                guard case .hostKeyUnknown(let problem)? = unknown else {
                    Issue.record("\(String(describing: unknown)) for \(known.debugDescription)")
                    continue
                }
                #expect(problem.fingerprint == String(fingerprint))
                #expect(problem.keyType == "ssh-ed25519")
                #expect(unknown?.whatToDo.contains("ssh-keyscan -p \(server.port) 127.0.0.1 >> ") == true)
            }

            let changed = try await outcome("# a comment\n\(name) \(otherKey)")
            guard case .hostKeyChanged? = changed else {
                Issue.record("\(String(describing: changed)) isn't a changed key")
                return
            }
            #expect(problem(changed)?.fingerprint == String(fingerprint))
            #expect(problem(changed)?.place == "\(server.folder.path)/known_hosts:2")
            #expect(changed?.whatToDo.contains("ssh-keygen -R '\(name)' -f \(server.folder.path)/known_hosts") == true)

            let revoked = try await outcome(
                good + "@revoked * \(server.knownHostsLine().split(separator: " ").dropFirst().joined(separator: " "))")
            guard case .hostKeyRevoked? = revoked else {
                Issue.record("\(String(describing: revoked)) isn't a revoked key")
                return
            }
            #expect(problem(revoked)?.fingerprint == String(fingerprint))

            // Hashed in place by ssh-keygen itself.
            let target = try server.target()
            try await server.folder.tool("ssh-keygen", "-q", "-H", "-f", target.knownHostsFiles[0])
            #expect(try server.folder.read("known_hosts").hasPrefix("|1|"))
            #expect(try await failure(kind, target) == nil)
        }
    }

    @Test("a key that the host doesn't know", arguments: kinds)
    func wrongKey(kind: ConnectionPreference) async throws {
        try await withServer { server in
            var target = try server.target()
            let path = "\(server.folder.path)/stranger"
            try await server.folder.tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path)
            target.identityFiles = [path]
            guard case .authenticationFailed(let host, let user, let tried)? = try await failure(kind, target) else {
                Issue.record("not an authentication failure")
                return
            }
            #expect(host == "127.0.0.1")
            #expect(user == TestServer.userName)
            #expect(tried.first == path)
            #expect(tried.last?.contains("publickey") == true)
        }
    }

    @Test("a wrong password is tried and refused; it appears nowhere", arguments: kinds)
    func wrongPassword(kind: ConnectionPreference) async throws {
        try await withServer { server in
            var target = try server.target()
            let path = "\(server.folder.path)/stranger"
            try await server.folder.tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path)
            target.identityFiles = [path]
            target.password = .file(try server.folder.write("not-the-password\n", to: "password"))
            let error = try await failure(kind, target)
            guard case .authenticationFailed(_, _, let tried)? = error else {
                Issue.record("\(String(describing: error)) isn't an authentication failure")
                return
            }
            #expect(tried.contains("password"))
            #expect(!"\(String(describing: error))".contains("not-the-password"))
            #expect(!server.standardError.contains("not-the-password"))
        }
    }

    @Test("key files that can't be used are refused before anything is sent", arguments: kinds)
    func keyFiles(kind: ConnectionPreference) async throws {
        try await withServer { server in
            var target = try server.target()
            for (path, fragment) in [
                ("/nowhere/key", "No such file"),
                (try server.folder.write("no key", to: "garbage"), "isn't a private key"),
                (try server.folder.write(server.folder.read("id"), to: "open", mode: 0o644), "600 or 400"),
            ] {
                target.identityFiles = [path]
                guard case .keyFile(path, let problem)? = try await failure(kind, target) else {
                    Issue.record("\(path) was not refused as a key file")
                    continue
                }
                #expect(problem.contains(fragment))
            }
            #expect(!server.standardError.contains("Connection from"))
        }
    }

    @Test("a port on which nothing listens", arguments: kinds)
    func refused(kind: ConnectionPreference) async throws {
        let folder = try TemporaryFolder()
        var target = SSHTarget(host: "127.0.0.1")
        target.port = try freePort()
        target.configFile = try folder.write("", to: "ssh_config")
        let error = try await failure(kind, target)
        #expect(error == .unreachable(host: "127.0.0.1", port: target.port ?? 0, reason: "Connection refused"))
        #expect(error?.isTransient == true)
    }

    @Test("a name that doesn't resolve", arguments: kinds)
    func unresolved(kind: ConnectionPreference) async throws {
        let folder = try TemporaryFolder()
        var target = SSHTarget(host: "no-such-host.invalid")
        target.configFile = try folder.write("", to: "ssh_config")
        guard case .unreachable(host: "no-such-host.invalid", port: 22, _)? = try await failure(kind, target) else {
            Issue.record("not reported as unreachable")
            return
        }
    }

    @Test("a host that accepts and never answers", arguments: kinds)
    func silent(kind: ConnectionPreference) async throws {
        let folder = try TemporaryFolder()
        let (descriptor, port) = try listenLocally()
        defer { close(descriptor) }
        var target = SSHTarget(host: "127.0.0.1")
        target.port = port
        target.connectTimeout = .seconds(1)
        target.configFile = try folder.write("", to: "ssh_config")
        guard case .timedOut(host: "127.0.0.1", port: port, _)? = try await failure(kind, target) else {
            Issue.record("not reported as timed out")
            return
        }
    }

    @Test("a connection that is being set up can be cancelled", arguments: kinds)
    func cancelled(kind: ConnectionPreference) async throws {
        let folder = try TemporaryFolder()
        let (descriptor, port) = try listenLocally()
        defer { close(descriptor) }
        var target = SSHTarget(host: "127.0.0.1")
        target.port = port
        target.connectTimeout = .seconds(100)
        target.configFile = try folder.write("", to: "ssh_config")
        let attempt = Task { [target] in try await failure(kind, target) }
        try await Task.sleep(for: .milliseconds(200))
        attempt.cancel()
        #expect(try await attempt.value == .cancelled)
    }

    @Test(
        "names that would be options or shell words are refused",
        arguments: ["-oProxyCommand=x", "", "a b", "$(id)", "a;b", "user@host", String(repeating: "a", count: 256)])
    func names(host: String) async throws {
        guard case .invalid? = try await failure(.auto, SSHTarget(host: host)) else {
            Issue.record("\(host) was not refused")
            return
        }
        var target = SSHTarget(host: "h")
        target.user = host == "user@host" ? "-l" : host
        guard case .invalid? = try await failure(.ssh, target) else {
            Issue.record("user \(host) was not refused")
            return
        }
    }
}
