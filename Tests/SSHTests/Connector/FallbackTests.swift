import Glibc
import Testing

@testable import SSH

/// Which kind `auto` takes, and why.
@Suite("Choice between libssh2 and ssh(1)", .timeLimit(.minutes(5)))
struct FallbackTests {
    private func check(
        _ options: TestServer.Options, _ expected: ConnectionKind, why fragment: String? = nil,
        adjust: (TestServer, inout SSHTarget) throws -> Void = { _, _ in }
    ) async throws {
        let server = try await TestServer.start(options)
        do {
            var target = try server.target()
            try adjust(server, &target)
            let connected = try await Connector.connect(target)
            #expect(connected.connection.kind == expected)
            if let fragment {
                #expect(connected.why?.contains(fragment) == true, "\(connected.why ?? "no reason")")
            } else {
                #expect(connected.why == nil)
            }
            let process = try await connected.connection.start(RemoteCommand([.text("echo"), .text("here")]))
            #expect(try await finish(process) == Finished(output: "here\n", status: .exited(0)))
            await connected.connection.close()
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    /// libssh2 1.11 and later have RSA with SHA-2, AES-GCM and encrypt-then-MAC.
    private static var isOld: Bool { Libssh2.version.hasPrefix("1.10.") || Libssh2.version.hasPrefix("1.9.") }
    private static var newer: ConnectionKind { isOld ? .ssh : .libssh2 }

    @Test("a default sshd is reached through libssh2", arguments: ["ed25519", "ecdsa"])
    func plain(userKey: String) async throws {
        try await check(.init(userKeyType: userKey), .libssh2)
    }

    @Test("an RSA user key")
    func rsa() async throws {
        try await check(.init(userKeyType: "rsa"), Self.newer, why: Self.isOld ? "RSA" : nil)
    }

    @Test("an RSA host key only")
    func rsaHostKey() async throws {
        try await check(.init(hostKeyTypes: ["rsa"]), Self.newer, why: Self.isOld ? "ssh-rsa" : nil)
    }

    @Test(
        "a host whose algorithms libssh2 1.10 doesn't have",
        arguments: ["Ciphers aes128-gcm@openssh.com", "Macs hmac-sha2-256-etm@openssh.com"])
    func algorithms(line: String) async throws {
        try await check(.init(lines: [line]), Self.newer, why: Self.isOld ? "no algorithms in common" : nil)
    }

    @Test("a user configuration with algorithms that libssh2 doesn't have")
    func configuredAlgorithms() async throws {
        try await check(.init(), .ssh, why: "Ciphers") { server, target in
            target.configFile = try server.folder.write(
                "Ciphers chacha20-poly1305@openssh.com\n", to: "ssh_config")
        }
    }

    @Test("a host that shows a certificate of a trusted authority")
    func certificateAuthority() async throws {
        try await check(.init(hostCertificate: true), .ssh, why: "certificate authority") { server, target in
            let key = try server.folder.read("ca.pub")
            target.knownHostsFiles = [try server.folder.write("@cert-authority * \(key)", to: "known_hosts")]
        }
    }

    @Test("a jump host")
    func proxyJump() async throws {
        let jump = try await TestServer.start()
        do {
            try await check(.init(), .ssh, why: "ProxyJump") { server, target in
                let known = try server.folder.write(
                    server.knownHostsLine() + jump.knownHostsLine(), to: "known_hosts")
                target.host = "inner"
                target.port = nil
                target.user = nil
                target.knownHostsFiles = []
                target.identityFiles = []
                target.configFile = try server.folder.write(
                    """
                    Host inner
                        HostName 127.0.0.1
                        Port \(server.port)
                        IdentityFile \(server.folder.path)/id
                        ProxyJump outer
                    Host outer
                        HostName 127.0.0.1
                        Port \(jump.port)
                        IdentityFile \(jump.folder.path)/id
                    Host *
                        User \(TestServer.userName)
                        UserKnownHostsFile \(known)
                        IdentitiesOnly yes

                    """, to: "ssh_config")
            }
        } catch {
            await jump.stop()
            throw error
        }
        await jump.stop()
    }

    @Test("libssh2 alone reports what it lacks instead")
    func libssh2Only() async throws {
        let server = try await TestServer.start(.init(userKeyType: "rsa"))
        let target = try server.target()
        if Self.isOld {
            await #expect {
                _ = try await Connector.connect(target, preference: .libssh2)
            } throws: { error in
                if case .needsOpenSSH? = error as? SSHError { true } else { false }
            }
        }
        await server.stop()
    }

    @Test("an address that is given overrides the configuration's, also for known_hosts")
    func address() async throws {
        try await check(.init(), .libssh2) { _, target in
            target.host = "some-name"
            target.address = "127.0.0.1"
        }
    }
}
