import CSSH2

/// The algorithms that may be negotiated: no SHA-1, no CBC, no RC4, no DSA. Names that the linked libssh2 doesn't
/// have are left out, so newer versions get more of them.
enum Algorithms {
    static let keyExchange = [
        "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
        "ecdh-sha2-nistp521", "diffie-hellman-group-exchange-sha256", "diffie-hellman-group16-sha512",
        "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256",
    ]
    static let hostKey = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512",
        "rsa-sha2-256",
    ]
    static let cipher = [
        "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr",
    ]
    static let mac = [
        "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512",
    ]

    /// Offers these, as far as the user's configuration allows them. `hostKeyTypes`: key types that known_hosts has.
    static func prefer(
        on session: SessionHandle, configuration: SSHConfiguration, hostKeyTypes: Set<String>
    ) throws(SSHError) {
        let hostKeys = try allowed(
            hostKey, LIBSSH2_METHOD_HOSTKEY, "HostKeyAlgorithms", session: session, configuration: configuration)
        // As OpenSSH does: first what can be checked.
        let known = hostKeys.filter { hostKeyTypes.contains(keyType(ofAlgorithm: $0)) }
        if known.isEmpty, !hostKeyTypes.isEmpty {
            throw .needsOpenSSH(
                reason:
                    "known_hosts has only \(hostKeyTypes.sorted().joined(separator: ", ")) for this host, which libssh2 \(Libssh2.version) can't verify"
            )
        }
        try set(session, LIBSSH2_METHOD_HOSTKEY, known + hostKeys.filter { !known.contains($0) })
        try set(
            session, LIBSSH2_METHOD_KEX,
            allowed(keyExchange, LIBSSH2_METHOD_KEX, "KexAlgorithms", session: session, configuration: configuration))
        let ciphers = try allowed(
            cipher, LIBSSH2_METHOD_CRYPT_CS, "Ciphers", session: session, configuration: configuration)
        let macs = try allowed(mac, LIBSSH2_METHOD_MAC_CS, "MACs", session: session, configuration: configuration)
        for method in [LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC] { try set(session, method, ciphers) }
        for method in [LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_MAC_SC] { try set(session, method, macs) }
    }

    /// `rsa-sha2-512` is an algorithm for keys of type `ssh-rsa`.
    static func keyType(ofAlgorithm name: String) -> String {
        name.hasPrefix("rsa-sha2-") ? "ssh-rsa" : name
    }

    private static func allowed(
        _ names: [String], _ method: Int32, _ keyword: String, session: SessionHandle, configuration: SSHConfiguration
    ) throws(SSHError) -> [String] {
        let supported = Set(Libssh2.supported(session.raw, method))
        let configured = configuration.list(keyword.lowercased())
        let result = names.filter { supported.contains($0) && (configured.isEmpty || configured.contains($0)) }
        guard !result.isEmpty else {
            throw .needsOpenSSH(
                reason:
                    "libssh2 \(Libssh2.version) has none of the configuration's \(keyword) (\(configured.joined(separator: ",")))"
            )
        }
        return result
    }

    private static func set(_ session: SessionHandle, _ method: Int32, _ names: [String]) throws(SSHError) {
        guard libssh2_session_method_pref(session.raw, method, names.joined(separator: ",")) == 0 else {
            throw .needsOpenSSH(reason: session.errorText)
        }
    }
}
