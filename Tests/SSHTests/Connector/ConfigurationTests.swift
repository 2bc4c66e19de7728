import Testing

@testable import SSH

@Suite("ssh configuration")
struct ConfigurationTests {
    @Test("the user's configuration is resolved by ssh itself")
    func resolve() async throws {
        let folder = try TemporaryFolder()
        var target = SSHTarget(host: "alias")
        target.user = "me"
        target.configFile = try folder.write(
            """
            Host alias
                HostName real.example
                Port 2200
                IdentityFile ~/.ssh/a
                IdentityFile "/with space/%h"
                CertificateFile /c
                UserKnownHostsFile /k1 /k2
                GlobalKnownHostsFile /g
                ConnectTimeout 7
                ProxyJump bastion

            """, to: "config")
        let configuration = try await SSHConfiguration.resolve(target)
        #expect(configuration.hostName == "real.example")
        #expect(configuration.port == 2200)
        #expect(configuration.user == "me")
        #expect(configuration.identityFiles == ["~/.ssh/a", "/with space/%h"])
        #expect(configuration.certificateFiles == ["/c"])
        #expect(configuration.knownHostsFiles == ["/k1", "/k2", "/g"])
        #expect(configuration.connectTimeout == .seconds(7))
        #expect(configuration.proxyJump == "bastion")
        #expect(configuration.whyOpenSSH == "the configuration says ProxyJump bastion")
        #expect(!configuration.identitiesOnly)

        target.address = "10.0.0.1"
        target.port = 22
        target.knownHostsFiles = ["/my known"]
        let overridden = try await SSHConfiguration.resolve(target)
        #expect(overridden.hostName == "10.0.0.1")
        #expect(overridden.port == 22)
        let plan = try LoginPlan(target, overridden)
        #expect(plan.knownHostsName == "10.0.0.1")
        #expect(plan.knownHostsFiles == ["/my known", "/g"])
        #expect(plan.identityFiles == [homeFolder() + "/.ssh/a", "/with space/10.0.0.1"])
    }

    @Test("a configuration that ssh refuses is an error with ssh's own words")
    func refused() async throws {
        let folder = try TemporaryFolder()
        var target = SSHTarget(host: "h")
        target.configFile = try folder.write("Nonsense yes\n", to: "config")
        await #expect {
            _ = try await SSHConfiguration.resolve(target)
        } throws: { error in
            if case .configuration(let text)? = error as? SSHError { text.contains("onsense") } else { false }
        }
    }

    @Test(
        "what libssh2 lacks leads to ssh(1)",
        arguments: [
            ("proxycommand x", true), ("proxyjump none", false), ("certificatefile none", false),
            ("knownhostscommand /x", true), ("bindaddress 1.2.3.4", true),
            ("preferredauthentications gssapi-with-mic", true),
            ("preferredauthentications publickey,gssapi-with-mic", false),
            ("gssapiauthentication yes", true),
            ("gssapiauthentication yes\npubkeyauthentication true", false), ("port 22", false),
        ])
    func demands(text: String, needsOpenSSH: Bool) {
        #expect((SSHConfiguration(parsing: text).whyOpenSSH != nil) == needsOpenSSH)
    }

    @Test(
        "tokens in paths are expanded, or left to ssh",
        arguments: [
            ("/a/%h-%r-%p-%%", "/a/name-user-22-%"), ("/plain", "/plain"), ("/x/%C", nil), ("/x/%", nil),
            ("${A}/x", nil),
        ] as [(String, String?)])
    func tokens(path: String, expanded: String?) throws {
        let tokens = PathTokens(
            target: SSHTarget(host: "name"),
            configuration: SSHConfiguration(parsing: "hostname name\nuser user\nport 22"))
        if let expanded {
            #expect(try tokens.expand(path) == expanded)
        } else {
            #expect(throws: SSHError.self) { try tokens.expand(path) }
        }
    }
}
