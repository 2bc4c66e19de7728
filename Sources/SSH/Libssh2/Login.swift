import CSSH2
import FoundationEssentials
import Glibc

/// Takes a session from nothing to authenticated. Blocks; runs on the session's thread.
struct Login {
    let plan: LoginPlan
    let cancelled: WakeEvent
    let deadline: ContinuousClock.Instant

    func run() throws(SSHError) -> SessionHandle {
        let known = try KnownHosts.look(
            for: plan.knownHostsName, port: plan.port, in: plan.knownHostsFiles, deadline: deadline,
            cancelled: cancelled)
        try known.refuseCertificates()
        let socket = try connectTCP(
            host: plan.host, port: plan.port, family: plan.configuration.addressFamily, deadline: deadline,
            cancelled: cancelled)
        let session = try SessionHandle(socket: socket)
        try Algorithms.prefer(on: session, configuration: plan.configuration, hostKeyTypes: known.keyTypes)
        let code = try wait(session, "SSH handshake") { libssh2_session_handshake(session.raw, session.socket) }
        if code != 0 { throw handshakeError(code, session) }
        try checkHostKey(session, known)
        var authentication = Authentication(login: self, session: session)
        try authentication.run()
        libssh2_keepalive_config(session.raw, 1, UInt32(SessionLoop.keepAliveSeconds))
        return session
    }

    /// Repeats a call until it no longer would block.
    func wait(_ session: SessionHandle, _ phase: String, _ call: () -> Int32) throws(SSHError) -> Int32 {
        while true {
            let code = call()
            if code != LIBSSH2_ERROR_EAGAIN { return code }
            let directions = libssh2_session_block_directions(session.raw)
            var events: Int16 = 0
            if directions & LIBSSH2_SESSION_BLOCK_INBOUND != 0 { events |= Int16(POLLIN) }
            if directions & LIBSSH2_SESSION_BLOCK_OUTBOUND != 0 { events |= Int16(POLLOUT) }
            var descriptors = [
                pollfd(fd: session.socket, events: events == 0 ? Int16(POLLIN) : events, revents: 0),
                pollfd(fd: cancelled.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            if pollDescriptors(&descriptors, until: deadline) == 0 {
                throw .timedOut(host: plan.host, port: plan.port, phase: phase)
            }
            if descriptors[1].revents != 0 { throw .cancelled }
        }
    }

    private func handshakeError(_ code: Int32, _ session: SessionHandle) -> SSHError {
        switch code {
        case LIBSSH2_ERROR_KEX_FAILURE, LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE, LIBSSH2_ERROR_HOSTKEY_INIT,
            LIBSSH2_ERROR_METHOD_NONE, LIBSSH2_ERROR_METHOD_NOT_SUPPORTED, LIBSSH2_ERROR_HOSTKEY_SIGN:
            .needsOpenSSH(
                reason: "libssh2 \(Libssh2.version) and the host have no algorithms in common: \(session.errorText)")
        default:
            .lost(host: plan.host, reason: "during the SSH handshake: \(session.errorText)")
        }
    }

    private func checkHostKey(_ session: SessionHandle, _ known: KnownHosts) throws(SSHError) {
        var length = 0
        var type: Int32 = 0
        guard let bytes = libssh2_session_hostkey(session.raw, &length, &type), length > 0,
            let digest = libssh2_hostkey_hash(session.raw, LIBSSH2_HOSTKEY_HASH_SHA256)
        else { throw .needsOpenSSH(reason: "libssh2 gave no host key") }
        let key = Data(bytes: bytes, count: length)
        let base64 = Data(bytes: digest, count: 32).base64EncodedString().prefix { $0 != "=" }
        try known.check(key: key, keyType: keyType(ofPublicKey: Array(key)) ?? "?", fingerprint: "SHA256:\(base64)")
    }
}
