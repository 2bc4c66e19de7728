extension SSHError: CustomStringConvertible {
    /// One sentence: what happened, where.
    public var description: String {
        switch self {
        case .invalid(let what): what
        case .configuration(let what): "ssh configuration: \(what)"
        case .unreachable(let host, let port, let reason): "\(host) port \(port) can't be reached: \(reason)"
        case .timedOut(let host, let port, let phase): "\(host) port \(port) timed out (\(phase))"
        case .hostKeyUnknown(let problem): "the host key of \(problem.subject) is not known\(problem.detail)"
        case .hostKeyChanged(let problem):
            "the host key of \(problem.subject) HAS CHANGED, which may be an attack\(problem.detail)"
        case .hostKeyRevoked(let problem): "the host key of \(problem.subject) is revoked\(problem.detail)"
        case .authenticationFailed(let host, let user, let tried):
            "\(host) refused user \(user)"
                + (tried.isEmpty ? ": there was nothing to offer" : " (tried: \(tried.joined(separator: "; ")))")
        case .keyFile(let path, let problem): "key file \(path): \(problem)"
        case .secret(let source, let problem): "\(source): \(problem)"
        case .needsOpenSSH(let reason): "libssh2 can't connect: \(reason)"
        case .channel(let host, let reason): "\(host) refused the command: \(reason)"
        case .lost(let host, let reason): "the connection to \(host) was lost: \(reason)"
        case .process(let what): what
        case .cancelled: "cancelled"
        }
    }

    /// What the administrator can do about it; commands can be pasted.
    public var whatToDo: String {
        switch self {
        case .invalid: "Correct the name or value."
        case .configuration: "Run `ssh -G HOST` and correct what it complains about."
        case .unreachable: "Check the address, the port, and that sshd runs there and no firewall is in between."
        case .timedOut: "Check the network and the load of the host, or allow a longer connect time-out."
        case .hostKeyUnknown(let problem):
            "Compare the fingerprint with the host's own (on its console: `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`), then add it: `\(problem.acceptCommand)`"
        case .hostKeyChanged(let problem):
            "Only if you know why it changed: `\(problem.forgetCommand)`, compare the fingerprint with the host's own, then `\(problem.acceptCommand)`"
        case .hostKeyRevoked: "Give the host a new key, or remove the @revoked line if it is wrong."
        case .authenticationFailed(_, let user, _):
            "Put the public key into ~/.ssh/authorized_keys of \(user) on the host, name the right key file, or load the key into ssh-agent."
        case .keyFile(let path, _):
            "Name a private key that only its owner can read (`chmod 600 \(shellQuoted(path))`); a locked one needs its passphrase from a file or ssh-agent."
        case .secret: "Name a readable file that only its owner can read (`chmod 600 FILE`)."
        case .needsOpenSSH: "Let the connection be `auto` or `ssh`, so that ssh(1) is used."
        case .channel: "Check the shell and ForceCommand of the user on the host, and sshd's MaxSessions."
        case .lost: "Check the network and sshd's log on the host, then resume."
        case .process:
            "Check that openssh-client is installed and that this machine has processes and descriptors to spare."
        case .cancelled: "Start it again when you want it done."
        }
    }
}

extension HostKeyProblem {
    var subject: String { knownHostsName(host, port: port) }

    var detail: String {
        let key = fingerprint.map { " (\(keyType.map { "\($0) " } ?? "")\($0))" } ?? ""
        let place = self.place ?? files.joined(separator: ", ")
        return key + (place.isEmpty ? "" : ", see \(place)")
    }

    /// Adds the host's keys to the first file.
    public var acceptCommand: String {
        "ssh-keyscan -p \(port) \(shellQuoted(host)) >> \(file)"
    }

    /// Removes what is known of the host from the file that contradicts.
    public var forgetCommand: String {
        let place = place?.split(separator: ":").dropLast().joined(separator: ":")
        return "ssh-keygen -R \(shellQuoted(subject)) -f \(place.map(shellQuoted) ?? file)"
    }

    private var file: String { files.first.map(shellQuoted) ?? "~/.ssh/known_hosts" }
}

/// The name that known_hosts files use: `host`, or `[host]:port` where the port isn't 22.
func knownHostsName(_ host: String, port: UInt16) -> String {
    let host = host.lowercased()
    return port == 22 ? host : "[\(host)]:\(port)"
}
