import FoundationEssentials
import Testing

@testable import SSH

@Suite("known_hosts")
struct KnownHostsTests {
    @Test("the output of ssh-keygen -F is read with markers and places")
    func parse() {
        let entries = KnownHosts.parse(
            """
            # Host h found: line 3
            |1|c2FsdA==|aGFzaA== ssh-ed25519 AAAA a comment
            # Host h found: line 7 REVOKED
            @revoked * ssh-rsa AAAB
            # Host h found: line 9 CA
            @cert-authority *.example ecdsa-sha2-nistp256 AAAC
            broken line
            h ssh-ed25519 !!!
            """, file: "/f")
        #expect(entries.map(\.marker) == [.none, .revoked, .certAuthority])
        #expect(entries.map(\.place) == ["/f:3", "/f:7", "/f:9"])
        #expect(entries.map(\.keyType) == ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256"])
    }

    @Test("a file that can't be searched is an error, not an unknown host")
    func unreadable() async throws {
        let folder = try TemporaryFolder()
        await #expect(throws: SSHError.self) {
            try await onThread("known") { cancelled throws(SSHError) in
                _ = try KnownHosts.look(
                    for: "h", port: 22, in: [folder.path], deadline: .now + .seconds(20), cancelled: cancelled)
            }
        }
    }

    @Test("a host with an authority only needs ssh(1)")
    func authority() {
        var known = KnownHosts(host: "h", port: 22, files: [])
        known.entries = [.init(marker: .certAuthority, keyType: "ssh-ed25519", key: Data([1]), place: "/f:1")]
        #expect(throws: SSHError.self) { try known.refuseCertificates() }
        #expect(known.keyTypes.isEmpty)
    }
}
