import FoundationEssentials
import Glibc

/// What can be seen of a key file without unlocking it.
struct KeyFile: Equatable {
    var path: String
    /// Such as `ssh-ed25519`; nil where the format hides it (PKCS#8).
    var keyType: String?
    /// The public half, where it is readable.
    var publicKey: [UInt8]?
    /// Whether it needs a passphrase.
    var isLocked: Bool
    /// A file that holds the public half only; ssh-agent may have the other.
    var isPublicOnly = false
    /// Whether a certificate for this key lies beside it.
    var hasCertificate = false

    /// Blocks. Throws `SSHError.keyFile` when it is missing, open to others, or not a key.
    static func inspect(_ path: String) throws(SSHError) -> KeyFile {
        let bytes: [UInt8]
        do { bytes = try readSmallFile(path) } catch { throw .keyFile(path: path, problem: error.text) }
        let text = String(decoding: bytes, as: UTF8.self)
        if let key = publicKey(inLine: text) {
            return KeyFile(
                path: path, keyType: SSH.keyType(ofPublicKey: key), publicKey: key, isLocked: false, isPublicOnly: true)
        }
        if let problem = privateFileProblem(path) { throw .keyFile(path: path, problem: problem) }
        guard var file = parse(text, path: path) else {
            throw .keyFile(path: path, problem: "it isn't a private key that ssh can use")
        }
        if file.publicKey == nil, let beside = try? readSmallFile(path + ".pub") {
            file.publicKey = publicKey(inLine: String(decoding: beside, as: UTF8.self))
            file.keyType = file.keyType ?? file.publicKey.flatMap { SSH.keyType(ofPublicKey: $0) }
        }
        file.hasCertificate = access(path + "-cert.pub", F_OK) == 0
        return file
    }

    private static func parse(_ text: String, path: String) -> KeyFile? {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingPrefix(while: { $0 == " " }) }
        guard let start = lines.firstIndex(where: { $0.hasPrefix("-----BEGIN ") }),
            let end = lines[start...].firstIndex(where: { $0.hasPrefix("-----END ") })
        else { return nil }
        let body = lines[(start + 1)..<end]
        let isLocked = body.contains { $0.hasPrefix("Proc-Type:") && $0.contains("ENCRYPTED") }
        switch lines[start].dropFirst("-----BEGIN ".count).prefix(while: { $0 != "-" }) {
        case "OPENSSH PRIVATE KEY": return parseOpenSSH(body.joined(), path: path)
        case "RSA PRIVATE KEY": return KeyFile(path: path, keyType: "ssh-rsa", isLocked: isLocked)
        case "EC PRIVATE KEY": return KeyFile(path: path, keyType: nil, isLocked: isLocked)
        case "DSA PRIVATE KEY": return KeyFile(path: path, keyType: "ssh-dss", isLocked: isLocked)
        case "PRIVATE KEY": return KeyFile(path: path, keyType: nil, isLocked: false)
        case "ENCRYPTED PRIVATE KEY": return KeyFile(path: path, keyType: nil, isLocked: true)
        default: return nil
        }
    }

    /// The layout is OpenSSH's PROTOCOL.key: the cipher's name and the public key are in the clear.
    private static func parseOpenSSH(_ base64: String, path: String) -> KeyFile? {
        let magic = Array("openssh-key-v1\0".utf8)
        guard let data = Data(base64Encoded: base64), data.starts(with: magic) else { return nil }
        var reader = WireReader(data.dropFirst(magic.count))
        guard let cipher = reader.string(), reader.string() != nil, reader.string() != nil, reader.uint32() == 1,
            let key = reader.string(), let type = SSH.keyType(ofPublicKey: key)
        else { return nil }
        return KeyFile(path: path, keyType: type, publicKey: key, isLocked: cipher != Array("none".utf8))
    }

    private static func publicKey(inLine text: String) -> [UInt8]? {
        let words = text.prefix { !$0.isNewline }.split(separator: " ")
        guard words.count >= 2, let key = Data(base64Encoded: String(words[1])) else { return nil }
        let bytes = Array(key)
        return SSH.keyType(ofPublicKey: bytes) == String(words[0]) ? bytes : nil
    }
}
