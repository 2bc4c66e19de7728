import Glibc

/// How to connect. Only `auto` chooses.
public enum ConnectionPreference: String, Sendable, Codable, CaseIterable {
    /// libssh2, or ssh(1) where libssh2 can't.
    case auto
    /// libssh2 or nothing.
    case libssh2
    /// ssh(1) or nothing.
    case ssh
    /// This machine.
    case local
}

/// A connection, and why it isn't a libssh2 one although that was preferred.
public struct Connected: Sendable {
    /// The connection, which the caller closes.
    public let connection: any HostConnection
    /// Nil when nothing stood against the preferred kind.
    public let why: String?
}

/// Opens connections.
public enum Connector {
    /// Connects and authenticates. Host keys are verified strictly whatever the configuration says, and a host key
    /// error never leads to another attempt.
    ///
    /// Cancelling the task ends the attempt. Throws typed errors; `SSHError.whatToDo` says what helps.
    public static func connect(
        _ target: SSHTarget, preference: ConnectionPreference = .auto
    ) async throws(SSHError) -> Connected {
        if preference == .local { return Connected(connection: LocalConnection(), why: nil) }
        try await checkKeys(target)
        let configuration = try await SSHConfiguration.resolve(target)
        if preference == .ssh {
            return Connected(connection: try await OpenSSHConnection.connect(target, configuration), why: nil)
        }
        let why: String
        do throws(SSHError) {
            if let reason = configuration.whyOpenSSH { throw .needsOpenSSH(reason: reason) }
            let plan = try LoginPlan(target, configuration)
            return Connected(connection: try await SSHSession.connect(plan), why: nil)
        } catch {
            guard preference == .auto else { throw error }
            switch error {
            case .needsOpenSSH(let reason): why = reason
            case .authenticationFailed: why = "\(error)"
            default: throw error
            }
        }
        return Connected(connection: try await OpenSSHConnection.connect(target, configuration), why: why)
    }

    /// Keys that the target names must be usable; those of the configuration may be missing.
    private static func checkKeys(_ target: SSHTarget) async throws(SSHError) {
        guard !target.identityFiles.isEmpty else { return }
        try await onThread("keys") { _ throws(SSHError) in
            for path in target.identityFiles { _ = try KeyFile.inspect(PathTokens.expandTilde(path)) }
        }
    }
}
