import Glibc
import Testing

@testable import SSH

@Suite("Locked keys and ssh-agent", .timeLimit(.minutes(5)))
struct AuthenticationTests {
    private func run(_ connection: any HostConnection) async throws {
        let process = try await connection.start(RemoteCommand([.text("true")]))
        #expect(try await finish(process).status == .exited(0))
        await connection.close()
    }

    private func withServer(
        _ options: TestServer.Options = .init(), _ body: (TestServer) async throws -> Void
    ) async throws {
        let server = try await TestServer.start(options)
        do { try await body(server) } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    @Test(
        "a passphrase opens a locked key, from a file or a provider",
        arguments: [.libssh2, .ssh] as [ConnectionPreference])
    func locked(kind: ConnectionPreference) async throws {
        try await withServer { server in
            var target = try server.target()
            try await server.folder.tool(
                "ssh-keygen", "-q", "-p", "-P", "", "-N", "the secret", "-f", "\(server.folder.path)/id")
            target.passphrase = .file(try server.folder.write("the secret\n", to: "passphrase"))
            try await run(Connector.connect(target, preference: kind).connection)
            target.passphrase = .provider { "the secret" }
            try await run(Connector.connect(target, preference: kind).connection)
        }
    }

    @Test("a locked key without, or with a wrong passphrase is an error of that key")
    func wrongPassphrase() async throws {
        try await withServer { server in
            var target = try server.target()
            let path = "\(server.folder.path)/id"
            try await server.folder.tool("ssh-keygen", "-q", "-p", "-P", "", "-N", "the secret", "-f", path)
            for source in [nil, SecretSource.provider { "wrong" }] {
                target.passphrase = source
                await #expect {
                    _ = try await Connector.connect(target)
                } throws: { error in
                    if case .keyFile(path, _)? = error as? SSHError { true } else { false }
                }
            }
            target.passphrase = .file(try server.folder.write("the secret\n", to: "passphrase", mode: 0o644))
            await #expect {
                _ = try await Connector.connect(target)
            } throws: { error in
                if case .secret? = error as? SSHError { true } else { false }
            }
        }
    }

    @Test("ssh-agent signs", arguments: ["ed25519", "ecdsa"])
    func agent(type: String) async throws {
        try await withServer(.init(userKeyType: type)) { server in
            let folder = server.folder.path
            let null = try openNull()
            defer { close(null) }
            let agent = try await ChildProcess.start(
                .init(
                    arguments: ["ssh-agent", "-D", "-a", "\(folder)/agent"], environment: currentEnvironment(),
                    input: null, output: null, endsWithUs: true))
            defer { agent.terminate() }
            while access("\(folder)/agent", F_OK) != 0 { try await Task.sleep(for: .milliseconds(10)) }
            try await server.folder.tool("env", "SSH_AUTH_SOCK=\(folder)/agent", "ssh-add", "-q", "\(folder)/id")
            unlink("\(folder)/id")

            var target = try server.target()
            target.identityFiles = []
            target.configFile = try server.folder.write("IdentityAgent \(folder)/agent\n", to: "ssh_config")
            for kind in [ConnectionPreference.libssh2, .ssh] {
                try await run(Connector.connect(target, preference: kind).connection)
            }
            // Only keys that are named, and the agent's isn't.
            target.configFile = try server.folder.write(
                "IdentityAgent \(folder)/agent\nIdentitiesOnly yes\nIdentityFile \(folder)/none\n", to: "ssh_config")
            await #expect {
                _ = try await Connector.connect(target, preference: .libssh2)
            } throws: { error in
                if case .authenticationFailed? = error as? SSHError { true } else { false }
            }
            // Named by its public half.
            target.configFile = try server.folder.write(
                "IdentityAgent \(folder)/agent\nIdentitiesOnly yes\nIdentityFile \(folder)/id.pub\n", to: "ssh_config")
            try await run(Connector.connect(target, preference: .libssh2).connection)
        }
    }
}
