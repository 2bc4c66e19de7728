import CSSH2
import Glibc

/// Proves who we are: keys first, ssh-agent's before files, then the password. Blocks.
struct Authentication {
    private let login: Login
    private let session: SessionHandle
    private let signable: Set<String>
    private var tried: [String] = []
    /// What only ssh(1) could have offered.
    private var beyondLibssh2: [String] = []
    private var keyProblem: SSHError?

    /// sshd ends the connection after six refusals; the last is left for a password.
    private static let maximumKeys = 5

    init(login: Login, session: SessionHandle) {
        self.login = login
        self.session = session
        signable = Set(
            Libssh2.supported(session.raw, LIBSSH2_METHOD_HOSTKEY).filter { $0 != "ssh-rsa" && $0 != "ssh-dss" }
                .map { Algorithms.keyType(ofAlgorithm: $0) })
    }

    private var plan: LoginPlan { login.plan }

    mutating func run() throws(SSHError) {
        guard let methods = try allowedMethods() else { return }
        if methods.contains("publickey"), plan.configuration.values["pubkeyauthentication"] != ["no"] {
            if try offerKeys() { return }
        }
        if let source = plan.password, try offerPassword(source, methods) { return }
        if let keyProblem { throw keyProblem }
        if !beyondLibssh2.isEmpty { throw .needsOpenSSH(reason: beyondLibssh2.joined(separator: "; ")) }
        throw .authenticationFailed(
            host: plan.host, user: plan.user,
            tried: tried + ["the host allows \(methods.joined(separator: ", "))"])
    }

    /// Nil when the host wants no authentication at all.
    private func allowedMethods() throws(SSHError) -> [String]? {
        var list: UnsafeMutablePointer<CChar>?
        let user = plan.user
        let code = try login.wait(session, "authentication methods") {
            list = libssh2_userauth_list(session.raw, user, UInt32(user.utf8.count))
            return list == nil ? libssh2_session_last_errno(session.raw) : 0
        }
        if let list { return String(cString: list).split(separator: ",").map(String.init) }
        if libssh2_userauth_authenticated(session.raw) != 0 { return nil }
        throw failure(code)
    }

    private mutating func offerKeys() throws(SSHError) -> Bool {
        let agent = plan.agentSocket.flatMap {
            AgentClient(socketPath: $0, deadline: login.deadline, cancelled: login.cancelled)
        }
        let held = agent?.identities() ?? []
        var files: [KeyFile] = []
        for path in plan.identityFiles where plan.keysAreExplicit || access(path, F_OK) == 0 {
            do { files.append(try KeyFile.inspect(path)) } catch {
                if plan.keysAreExplicit { throw error }
                tried.append("\(error)")
            }
        }
        let named = held.filter { identity in files.contains { $0.publicKey == identity.publicKey } }
        let others =
            plan.identitiesOnly
            ? []
            : held.filter { identity in
                !named.contains { $0.publicKey == identity.publicKey }
            }
        var offers = 0
        if let agent {
            for identity in named + others where offers < Self.maximumKeys {
                guard isUsable(keyType(ofPublicKey: identity.publicKey), "key \(identity.comment) of ssh-agent") else {
                    continue
                }
                offers += 1
                if try offer(identity, of: agent) { return true }
            }
        }
        for file in files where offers < Self.maximumKeys && !file.isPublicOnly {
            if file.hasCertificate { beyondLibssh2.append("\(file.path) has a certificate") }
            guard isUsable(file.keyType, file.path), !named.contains(where: { $0.publicKey == file.publicKey }) else {
                continue
            }
            offers += 1
            if try offer(file) { return true }
        }
        return false
    }

    private mutating func isUsable(_ type: String?, _ name: String) -> Bool {
        guard let type, !signable.contains(type) else { return true }
        let why =
            type == "ssh-rsa"
            ? "is RSA, for which libssh2 \(Libssh2.version) may sign with SHA-1 only" : "has type \(type)"
        beyondLibssh2.append("\(name) \(why)")
        return false
    }

    private mutating func offer(_ identity: AgentClient.Identity, of agent: AgentClient) throws(SSHError) -> Bool {
        let signer = AgentSigner(agent: agent, key: identity.publicKey)
        let user = plan.user
        var abstract: UnsafeMutableRawPointer? = Unmanaged.passUnretained(signer).toOpaque()
        defer { withExtendedLifetime(signer) {} }
        let code = try login.wait(session, "authentication") {
            libssh2_userauth_publickey(
                session.raw, user, identity.publicKey, identity.publicKey.count,
                { _, signature, length, data, count, abstract in
                    guard let signature, let length, let data, let object = abstract?.pointee else { return -1 }
                    let signer = Unmanaged<AgentSigner>.fromOpaque(object).takeUnretainedValue()
                    return signer.sign(UnsafeBufferPointer(start: data, count: count), into: signature, length)
                }, &abstract)
        }
        tried.append("ssh-agent's key \(identity.comment)")
        return try accepted(code)
    }

    private mutating func offer(_ file: KeyFile) throws(SSHError) -> Bool {
        var passphrase: String?
        if file.isLocked {
            guard let source = plan.passphrase else {
                keyProblem = .keyFile(path: file.path, problem: "it is locked and no passphrase was given")
                return false
            }
            passphrase = try source.read()
        }
        let user = plan.user
        let code = try login.wait(session, "authentication") {
            libssh2_userauth_publickey_fromfile_ex(
                session.raw, user, UInt32(user.utf8.count), nil, file.path, passphrase)
        }
        tried.append(file.path)
        switch code {
        case LIBSSH2_ERROR_FILE, LIBSSH2_ERROR_KEYFILE_AUTH_FAILED, LIBSSH2_ERROR_METHOD_NONE,
            LIBSSH2_ERROR_METHOD_NOT_SUPPORTED, LIBSSH2_ERROR_PROTO:
            if file.isLocked {
                keyProblem = .keyFile(path: file.path, problem: "the passphrase doesn't open it (\(session.errorText))")
            } else {
                beyondLibssh2.append("libssh2 can't read \(file.path): \(session.errorText)")
            }
            return false
        default: return try accepted(code)
        }
    }

    private mutating func offerPassword(_ source: SecretSource, _ methods: [String]) throws(SSHError) -> Bool {
        guard methods.contains("password") || methods.contains("keyboard-interactive") else { return false }
        let password = try source.read()
        let user = plan.user
        if methods.contains("password") {
            let code = try login.wait(session, "authentication") {
                libssh2_userauth_password_ex(
                    session.raw, user, UInt32(user.utf8.count), password, UInt32(password.utf8.count), nil)
            }
            tried.append("password")
            if try accepted(code) { return true }
        }
        guard methods.contains("keyboard-interactive") else { return false }
        tried.append("keyboard-interactive")
        return try accepted(answer(with: password))
    }

    /// Answers each question that isn't echoed with the password.
    private func answer(with password: String) throws(SSHError) -> Int32 {
        let box = PasswordBox(password)
        let user = plan.user
        let abstract = libssh2_session_abstract(session.raw)
        abstract?.pointee = Unmanaged.passUnretained(box).toOpaque()
        defer {
            abstract?.pointee = nil
            withExtendedLifetime(box) {}
        }
        return try login.wait(session, "authentication") {
            libssh2_userauth_keyboard_interactive_ex(session.raw, user, UInt32(user.utf8.count)) {
                _, _, _, _, count, prompts, responses, abstract in
                guard let prompts, let responses, let object = abstract?.pointee else { return }
                let box = Unmanaged<PasswordBox>.fromOpaque(object).takeUnretainedValue()
                for index in 0..<Int(count) where prompts[index].echo == 0 {
                    // libssh2 frees it with free(3).
                    responses[index].text = strdup(box.password)
                    responses[index].length = UInt32(box.password.utf8.count)
                }
            }
        }
    }

    private func accepted(_ code: Int32) throws(SSHError) -> Bool {
        switch code {
        case 0: return true
        case LIBSSH2_ERROR_AUTHENTICATION_FAILED, LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED, LIBSSH2_ERROR_PASSWORD_EXPIRED:
            return false
        default: throw failure(code)
        }
    }

    private func failure(_ code: Int32) -> SSHError {
        switch code {
        case LIBSSH2_ERROR_SOCKET_DISCONNECT where !tried.isEmpty:
            .authenticationFailed(host: plan.host, user: plan.user, tried: tried + ["the host hung up"])
        default: .lost(host: plan.host, reason: "during authentication: \(session.errorText)")
        }
    }
}

private final class PasswordBox {
    let password: String

    init(_ password: String) {
        self.password = password
    }
}

private final class AgentSigner {
    private let agent: AgentClient
    private let key: [UInt8]

    init(agent: AgentClient, key: [UInt8]) {
        self.agent = agent
        self.key = key
    }

    /// 0, or -1 when the agent refuses. The signature is libssh2's to free.
    func sign(
        _ data: UnsafeBufferPointer<UInt8>, into signature: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>,
        _ length: UnsafeMutablePointer<Int>
    ) -> Int32 {
        guard let bytes = agent.sign(data, with: key), let copy = malloc(bytes.count) else { return -1 }
        bytes.withUnsafeBytes { copy.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(copy), byteCount: $0.count) }
        signature.pointee = copy.assumingMemoryBound(to: UInt8.self)
        length.pointee = bytes.count
        return 0
    }
}
