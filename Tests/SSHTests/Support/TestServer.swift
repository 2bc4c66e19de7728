import Glibc
import Testing

@testable import SSH

/// A real sshd on a free port of 127.0.0.1, with keys of its own, that the current user may log in to.
///
/// End it with `stop`.
final class TestServer: Sendable {
    /// What differs from a default sshd.
    struct Options: Sendable {
        var hostKeyTypes = ["ed25519", "ecdsa"]
        var userKeyType = "ed25519"
        /// Further lines of sshd_config.
        var lines: [String] = []
        /// Host certificates are signed by a new authority, `ca`.
        var hostCertificate = false
    }

    let folder: TemporaryFolder
    let port: UInt16
    private let daemon: ChildProcess

    static var userName: String { getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "root" }

    private init(folder: TemporaryFolder, port: UInt16, daemon: ChildProcess) {
        self.folder = folder
        self.port = port
        self.daemon = daemon
    }

    static func start(_ options: Options = Options()) async throws -> TestServer {
        let folder = try TemporaryFolder()
        let path = folder.path
        try await folder.tool("ssh-keygen", "-q", "-t", options.userKeyType, "-N", "", "-C", "test", "-f", "\(path)/id")
        try folder.write(folder.read("id.pub"), to: "authorized_keys")
        var lines = [
            "ListenAddress 127.0.0.1", "PidFile none", "UsePAM no", "StrictModes no", "PermitRootLogin yes",
            "AuthorizedKeysFile \(path)/authorized_keys", "LogLevel DEBUG1", "MaxStartups 100",
        ]
        for type in options.hostKeyTypes {
            let file = "\(path)/host_\(type)"
            try await folder.tool("ssh-keygen", "-q", "-t", type, "-N", "", "-C", "", "-f", file)
            lines.append("HostKey \(file)")
            guard options.hostCertificate else { continue }
            if access("\(path)/ca", F_OK) != 0 {
                try await folder.tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "\(path)/ca")
            }
            try await folder.tool(
                "ssh-keygen", "-q", "-s", "\(path)/ca", "-h", "-I", "host", "-n", "127.0.0.1", "\(file).pub")
            lines.append("HostCertificate \(file)-cert.pub")
        }
        lines += options.lines
        if geteuid() == 0 { mkdir("/run/sshd", 0o755) }

        // Another process may take the free port first; then the next is tried.
        for _ in 0..<5 {
            let port = try freePort()
            try folder.write((lines + ["Port \(port)"]).joined(separator: "\n") + "\n", to: "sshd_config")
            let null = try openNull()
            defer { close(null) }
            let daemon = try await ChildProcess.start(
                .init(
                    arguments: ["/usr/sbin/sshd", "-D", "-e", "-f", "\(path)/sshd_config"],
                    environment: currentEnvironment(), input: null, output: null, endsWithUs: true))
            let server = TestServer(folder: folder, port: port, daemon: daemon)
            if try await server.isListening() { return server }
        }
        throw SSHError.process("sshd doesn't start")
    }

    private func isListening() async throws -> Bool {
        while daemon.record.status == nil {
            if daemon.record.standardError.contains("Server listening on 127.0.0.1") { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        return false
    }

    var standardError: String { daemon.record.standardError }

    func stop() async {
        daemon.terminate()
        await withCheckedContinuation { continuation in daemon.record.observe { _ in continuation.resume() } }
    }

    /// The known_hosts line of a host key.
    func knownHostsLine(_ type: String = "ed25519", host: String? = nil) throws -> String {
        let words = try folder.read("host_\(type).pub").split(separator: " ")
        return "\(host ?? "[127.0.0.1]:\(port)") \(words[0]) \(words[1])\n"
    }

    /// A target that knows the server's keys and has the right user key.
    func target(knownHosts: String? = nil) throws -> SSHTarget {
        var target = SSHTarget(host: "127.0.0.1")
        target.port = port
        target.user = Self.userName
        let known =
            try knownHosts ?? knownHostsLine(access("\(folder.path)/host_ed25519", F_OK) == 0 ? "ed25519" : "rsa")
        target.knownHostsFiles = [try folder.write(known, to: "known_hosts")]
        target.identityFiles = ["\(folder.path)/id"]
        target.configFile = try folder.write("", to: "ssh_config")
        target.connectTimeout = .seconds(30)
        return target
    }

    func connect(_ preference: ConnectionPreference) async throws -> any HostConnection {
        try await Connector.connect(target(), preference: preference).connection
    }
}

/// A port of 127.0.0.1 that nothing listens on at the moment.
func freePort() throws -> UInt16 {
    let (descriptor, port) = try listenLocally()
    close(descriptor)
    return port
}

/// A listening TCP socket on 127.0.0.1. The caller closes it.
func listenLocally() throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    try #require(descriptor >= 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = bind(descriptor, $0, length)
            _ = listen(descriptor, 8)
            _ = getsockname(descriptor, $0, &length)
        }
    }
    return (descriptor, UInt16(bigEndian: address.sin_port))
}
