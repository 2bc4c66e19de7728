import FoundationEssentials
import Glibc

/// One line of a known_hosts file that is about a host.
struct KnownHostEntry: Equatable {
    enum Marker: Equatable {
        case none
        case revoked
        case certAuthority
    }

    var marker: Marker
    /// Such as `ssh-ed25519`.
    var keyType: String
    /// The public key as it is sent on the wire.
    var key: Data
    /// `file:line`.
    var place: String
}

/// What known_hosts files say about one host. `ssh-keygen -F` does the matching: hashes, wildcards, negation.
struct KnownHosts {
    var host: String
    var port: UInt16
    var files: [String]
    var entries: [KnownHostEntry] = []

    /// Blocks. Like ssh, falls back from `[host]:port` to the plain name where the first isn't known.
    static func look(
        for host: String, port: UInt16, in files: [String], deadline: ContinuousClock.Instant, cancelled: WakeEvent
    ) throws(SSHError) -> KnownHosts {
        var result = KnownHosts(host: host, port: port, files: files)
        let names = port == 22 ? [host.lowercased()] : [knownHostsName(host, port: port), host.lowercased()]
        for name in names where result.entries.isEmpty {
            for file in files where access(file, F_OK) == 0 {
                try checkReadable(file)
                let output = try runTool(
                    ["ssh-keygen", "-F", name, "-f", file], deadline: deadline, cancelled: cancelled)
                // 1 without a message: not found. Anything else that failed must not look like "not known".
                if !output.status.isSuccess, output.status != .exited(1) || !output.errors.isEmpty {
                    throw .configuration("\(file) can't be searched: \(output.errors.prefix(200))")
                }
                result.entries += parse(output.output, file: file)
            }
        }
        return result
    }

    /// `ssh-keygen -F` says of a folder or an unreadable file only that it found nothing.
    private static func checkReadable(_ file: String) throws(SSHError) {
        var status = stat()
        guard stat(file, &status) == 0, access(file, R_OK) == 0 else {
            throw .configuration("\(file) can't be read: \(errnoText())")
        }
        if status.st_mode & S_IFMT == S_IFDIR { throw .configuration("\(file) is a folder, not a known_hosts file") }
    }

    /// Output of `ssh-keygen -F`: a comment with the line's number and marker, then the line.
    static func parse(_ output: String, file: String) -> [KnownHostEntry] {
        var entries: [KnownHostEntry] = []
        var line = "?"
        for text in output.split(separator: "\n") {
            var words = text.split(whereSeparator: { $0 == " " || $0 == "\t" })
            if text.hasPrefix("#") {
                if let index = words.firstIndex(of: "line"), index + 1 < words.count { line = String(words[index + 1]) }
                continue
            }
            var marker = KnownHostEntry.Marker.none
            if let word = words.first, word.hasPrefix("@") {
                marker = word == "@revoked" ? .revoked : .certAuthority
                words.removeFirst()
            }
            guard words.count >= 3, let key = Data(base64Encoded: String(words[2])) else { continue }
            entries.append(
                KnownHostEntry(marker: marker, keyType: String(words[1]), key: key, place: "\(file):\(line)"))
        }
        return entries
    }

    /// Types of the keys that may be accepted.
    var keyTypes: Set<String> { Set(entries.filter { $0.marker == .none }.map(\.keyType)) }

    /// Throws when the host can only be verified by a certificate, which libssh2 can't.
    func refuseCertificates() throws(SSHError) {
        if keyTypes.isEmpty, let entry = entries.first(where: { $0.marker == .certAuthority }) {
            throw .needsOpenSSH(reason: "\(entry.place) trusts a certificate authority for this host")
        }
    }

    /// Accepts exactly a key that is known and not revoked.
    func check(key: Data, keyType: String, fingerprint: String) throws(SSHError) {
        var problem = HostKeyProblem(
            host: host, port: port, keyType: keyType, fingerprint: fingerprint, files: files, place: nil)
        if let entry = entries.first(where: { $0.marker == .revoked && $0.key == key }) {
            problem.place = entry.place
            throw .hostKeyRevoked(problem)
        }
        let known = entries.filter { $0.marker == .none }
        if known.contains(where: { $0.keyType == keyType && $0.key == key }) { return }
        if let entry = known.first(where: { $0.keyType == keyType }) {
            problem.place = entry.place
            throw .hostKeyChanged(problem)
        }
        throw .hostKeyUnknown(problem)
    }
}
