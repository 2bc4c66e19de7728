/// Turns what ssh(1) printed (at LogLevel DEBUG1) into a typed error. The phrases are those of OpenSSH 8 to 10.
struct Diagnosis {
    let host: String
    let port: UInt16
    let user: String
    let knownHostsName: String
    let knownHostsFiles: [String]

    func error(from text: String) -> SSHError {
        let lines = text.split(whereSeparator: \.isNewline).map(String.init)
        let messages = lines.filter { !$0.hasPrefix("debug") }
        func has(_ phrase: String) -> Bool { messages.contains { $0.contains(phrase) } }

        if has("Host key verification failed") || has("host key is known") || has("IDENTIFICATION HAS CHANGED")
            || has("marked as revoked") || has("revoked host key")
        {
            return hostKeyError(lines, messages)
        }
        if let line = messages.last(where: { $0.contains("Permission denied (") }) {
            return .authenticationFailed(host: host, user: user, tried: tried(lines) + [allowed(line)])
        }
        if has("Too many authentication failures") {
            return .authenticationFailed(host: host, user: user, tried: tried(lines) + ["too many failures"])
        }
        if let line = messages.last(where: { $0.contains("Could not resolve hostname") }) {
            return .unreachable(host: host, port: port, reason: tail(of: line))
        }
        if has("timed out") { return .timedOut(host: host, port: port, phase: tail(of: summary(messages))) }
        let unreachable = ["Connection refused", "No route to host", "Network is unreachable", "Host is down"]
        if let reason = unreachable.first(where: has) {
            return .unreachable(host: host, port: port, reason: reason)
        }
        if let line = messages.last(where: { $0.contains("Bad configuration option") || $0.contains("no argument") }) {
            return .configuration(line)
        }
        if let line = messages.last(where: { $0.contains("Unable to negotiate") }) {
            return .lost(host: host, reason: line)
        }
        return .lost(host: host, reason: summary(messages))
    }

    /// The last messages that aren't for debugging, in one line.
    func summary(_ messages: [String]) -> String {
        let text = messages.suffix(3).joined(separator: "; ")
        return text.isEmpty ? "ssh ended without a message" : String(text.prefix(500))
    }

    private func hostKeyError(_ lines: [String], _ messages: [String]) -> SSHError {
        var problem = HostKeyProblem(
            host: knownHostsName, port: port, keyType: nil, fingerprint: nil, files: knownHostsFiles, place: nil)
        // debug1: Server host key: ssh-ed25519 SHA256:…
        if let line = lines.last(where: { $0.contains("Server host key: ") || $0.contains("Server host certificate: ") }
        ) {
            let words = line.split(separator: " ")
            problem.fingerprint = words.first { $0.hasPrefix("SHA256:") }.map(String.init)
            problem.keyType = words.firstIndex { $0.hasPrefix("SHA256:") }.map { String(words[$0 - 1]) }
        }
        // Offending ED25519 key in FILE:LINE
        if let line = messages.last(where: { $0.hasPrefix("Offending ") }), let start = line.firstRange(of: " in ") {
            problem.place = String(line[start.upperBound...])
        }
        if messages.contains(where: { $0.contains("revoked") }) { return .hostKeyRevoked(problem) }
        if messages.contains(where: { $0.contains("IDENTIFICATION HAS CHANGED") }) { return .hostKeyChanged(problem) }
        return .hostKeyUnknown(problem)
    }

    private func tried(_ lines: [String]) -> [String] {
        // debug1: Offering public key: /path ED25519 SHA256:… explicit
        lines.compactMap { line in
            if let found = line.firstRange(of: "Offering public key: ") {
                return line[found.upperBound...].split(separator: " ").first.map(String.init)
            }
            if line.contains("Next authentication method: password") { return "password" }
            if line.contains("Next authentication method: keyboard-interactive") { return "keyboard-interactive" }
            return nil
        }
    }

    private func allowed(_ line: String) -> String {
        let methods = line.drop { $0 != "(" }.dropFirst().prefix { $0 != ")" }
        return "the host allows \(methods.split(separator: ",").joined(separator: ", "))"
    }

    private func tail(of line: String) -> String {
        line.split(separator: ": ").last.map(String.init) ?? line
    }
}
