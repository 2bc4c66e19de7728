import Glibc

/// Answers ssh(1)'s questions for secrets: a helper that prints a private file. No secret is in an argument or in
/// the environment. Its files exist only while a connection is set up.
struct AskPass {
    /// Added to ssh's environment.
    let environment: [String: String]
    private let folder: PrivateFolder
    private static let names = ["askpass", "passphrase", "password"]

    private static let script = """
        #!/bin/sh
        case "$SSH_ASKPASS_PROMPT" in confirm) exit 1 ;; esac
        case "$1" in
        *assphrase*) file=passphrase ;;
        *assword*) file=password ;;
        *) exit 1 ;;
        esac
        exec cat -- "${0%/*}/$file"

        """

    /// Nil when the target has no secrets. Blocks, and a provider may ask a person.
    static func prepare(_ target: SSHTarget, in folder: PrivateFolder) throws(SSHError) -> AskPass? {
        guard target.passphrase != nil || target.password != nil else { return nil }
        if let source = target.passphrase { _ = try folder.write(source.read() + "\n", to: "passphrase", mode: 0o600) }
        if let source = target.password { _ = try folder.write(source.read() + "\n", to: "password", mode: 0o600) }
        let helper = try folder.write(script, to: "askpass", mode: 0o700)
        return AskPass(
            environment: ["SSH_ASKPASS": helper, "SSH_ASKPASS_REQUIRE": "force"], folder: folder)
    }

    /// Removes the secrets and the helper.
    func discard() {
        for name in Self.names { folder.removeFile(name) }
    }
}
