import Glibc
import Testing

@testable import SSH

@Suite("Key files and secrets")
struct KeyFileTests {
    @Test(
        "type, lock and public half are seen without unlocking",
        arguments: [
            ("ed25519", "RFC4716", "", "ssh-ed25519", false), ("ed25519", "RFC4716", "12345", "ssh-ed25519", true),
            ("ecdsa", "PEM", "", "ecdsa-sha2-nistp256", false), ("ecdsa", "PEM", "12345", "ecdsa-sha2-nistp256", true),
            ("rsa", "PEM", "", "ssh-rsa", false), ("ecdsa", "PKCS8", "12345", "ecdsa-sha2-nistp256", true),
        ])
    func inspect(type: String, format: String, passphrase: String, keyType: String, isLocked: Bool) async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/key"
        try await folder.tool(
            "ssh-keygen", "-q", "-t", type, "-m", format, "-N", passphrase, "-C", "", "-f", path)
        let file = try KeyFile.inspect(path)
        #expect(file.keyType == keyType)
        #expect(file.isLocked == isLocked)
        #expect(file.publicKey.flatMap { SSH.keyType(ofPublicKey: $0) } == keyType)
        #expect(!file.isPublicOnly && !file.hasCertificate)
        let half = try KeyFile.inspect(path + ".pub")
        #expect(half.isPublicOnly)
        #expect(half.publicKey == file.publicKey)
    }

    @Test(
        "only the owner may read a private key",
        arguments: [(0o600, true), (0o400, true), (0o640, false), (0o604, false)])
    func modes(mode: Int, isGood: Bool) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("x", to: "key")
        chmod(path, mode_t(mode))
        #expect((privateFileProblem(path) == nil) == isGood)
    }

    @Test(
        "a secret is the first line of a private file",
        arguments: [("a b\n", "a b"), ("x", "x"), ("x\r\ny\n", "x"), ("", nil), ("\nx", nil), ("a\0b", nil)]
            as [(String, String?)])
    func secrets(text: String, secret: String?) throws {
        let folder = try TemporaryFolder()
        let source = SecretSource.file(try folder.write(text, to: "secret"))
        if let secret {
            #expect(try source.read() == secret)
        } else {
            #expect(throws: SSHError.self) { try source.read() }
        }
    }

    @Test("a folder or a missing file holds no secret")
    func noFile() throws {
        let folder = try TemporaryFolder()
        #expect(throws: SSHError.self) { try SecretSource.file(folder.path).read() }
        #expect(throws: SSHError.self) { try SecretSource.file("\(folder.path)/none").read() }
    }

    @Test(
        "lengths beyond the data are refused",
        arguments: [[], [0, 0], [0, 0, 0, 5, 1], [255, 255, 255, 255, 0]] as [[UInt8]])
    func wire(bytes: [UInt8]) {
        var reader = WireReader(bytes)
        #expect(reader.string() == nil)
    }
}
