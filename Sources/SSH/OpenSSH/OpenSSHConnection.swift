import Glibc

/// OpenSSH's ssh(1) as a child: one master holds the connection, a client per command joins it through a private
/// control socket. A command that a signal ends, or that the host refuses to start, is reported as `exited(255)`,
/// which is all that ssh tells; its standard error has the message.
public final class OpenSSHConnection: HostConnection {
    /// Always `.ssh`.
    public let kind = ConnectionKind.ssh
    /// Below sshd's default MaxSessions of 10.
    public let maximumCommands = 8

    private let host: String
    private let master: ChildProcess
    private let folder: PrivateFolder
    private let clients = ChildRegistry(limit: 8)
    private let diagnosis: Diagnosis

    private init(host: String, master: ChildProcess, folder: PrivateFolder, diagnosis: Diagnosis) {
        self.host = host
        self.master = master
        self.folder = folder
        self.diagnosis = diagnosis
    }

    deinit {
        master.terminate()
    }

    /// True until the connection is lost or closed.
    public var isUsable: Bool { master.record.status == nil && !clients.isClosed }

    /// Options that hold whatever the user's configuration says: ours stand first, and ssh takes the first.
    private static let fixedOptions = [
        "StrictHostKeyChecking=yes", "ControlPersist=no", "ForwardAgent=no", "ForwardX11=no",
        "ClearAllForwardings=yes", "PermitLocalCommand=no", "RemoteCommand=none", "RequestTTY=no",
        "ForkAfterAuthentication=no", "UpdateHostKeys=no", "AddKeysToAgent=no", "ServerAliveInterval=15",
        "ServerAliveCountMax=3", "LogLevel=DEBUG1", "NumberOfPasswordPrompts=1",
    ]

    static func connect(
        _ target: SSHTarget, _ configuration: SSHConfiguration
    ) async throws(SSHError) -> OpenSSHConnection {
        let folder = try PrivateFolder()
        let askPass = try await onThread("askpass") { _ throws(SSHError) in
            try AskPass.prepare(target, in: folder)
        }
        defer { askPass?.discard() }
        var arguments = ["ssh", "-M", "-S", "\(folder.path)/c", "-N", "-T", "-n"]
        arguments += ["-o", "BatchMode=\(askPass == nil ? "yes" : "no")"]
        for option in fixedOptions { arguments += ["-o", option] }
        let timeout = target.connectTimeout ?? configuration.connectTimeout ?? target.effectiveTimeout
        arguments += try target.options()
        if target.connectTimeout == nil { arguments += ["-o", "ConnectTimeout=\(timeout.components.seconds)"] }
        arguments += ["--", target.host]

        let null = try openNull()
        defer { Glibc.close(null) }
        var environment = currentEnvironment()
        for name in ["SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "DISPLAY"] { environment[name] = nil }
        environment.merge(askPass?.environment ?? [:]) { $1 }
        let master = try await ChildProcess.start(
            ChildProcess.Launch(
                arguments: arguments, environment: environment, input: null, output: null, endsWithUs: true))
        let diagnosis = Diagnosis(
            host: configuration.hostName, port: configuration.port, user: configuration.user,
            knownHostsName: configuration.hostKeyAlias ?? configuration.hostName,
            knownHostsFiles: target.knownHostsFiles.isEmpty ? configuration.userKnownHostsFiles : target.knownHostsFiles
        )
        do throws(SSHError) {
            try await waitUntilReady(master, socket: "\(folder.path)/c", timeout: timeout, diagnosis: diagnosis)
        } catch {
            master.terminate()
            throw error
        }
        return OpenSSHConnection(
            host: configuration.hostName, master: master, folder: folder, diagnosis: diagnosis)
    }

    /// The control socket appears when the master has authenticated.
    private static func waitUntilReady(
        _ master: ChildProcess, socket: String, timeout: Duration, diagnosis: Diagnosis
    ) async throws(SSHError) {
        let deadline = ContinuousClock.now + timeout
        while access(socket, F_OK) != 0 {
            if master.record.status != nil { throw diagnosis.error(from: master.record.standardError) }
            if ContinuousClock.now >= deadline {
                throw .timedOut(host: diagnosis.host, port: diagnosis.port, phase: "connection through ssh")
            }
            do { try await Task.sleep(for: .milliseconds(10)) } catch { throw .cancelled }
        }
    }

    /// See `HostConnection`. The command's stdin and stdout are the socket itself, passed on to the master.
    public func start(
        _ command: RemoteCommand, adopting socket: consuming OwnedDescriptor
    ) async throws(SSHError) -> RemoteProcess {
        let descriptor = socket.release()
        defer { Glibc.close(descriptor) }
        guard isUsable else { throw .lost(host: host, reason: "the connection has ended") }
        // Without its master a client would connect by itself; the proxy command prevents that.
        let arguments = [
            "ssh", "-F", "/dev/null", "-S", "\(folder.path)/c", "-o", "ControlMaster=no", "-o", "ProxyCommand=false",
            "-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-T", "--", "kvm-clone", command.shellLine,
        ]
        var environment = currentEnvironment()
        environment["SSH_ASKPASS"] = nil
        return try await clients.start(
            ChildProcess.Launch(
                arguments: arguments, environment: environment, input: descriptor, output: descriptor),
            host: host
        ) { [master, diagnosis] status, record in
            // ssh that is ended early on ends with its own code.
            if record.isToEnd, status == .exited(255) { return .lost("it was terminated") }
            return Self.classify(status, master: master, diagnosis: diagnosis)
        }
    }

    /// 255 is ssh's own code. It means a lost connection when the master ends as well; that takes it a moment.
    private static func classify(_ status: RemoteExit, master: ChildProcess, diagnosis: Diagnosis) -> RemoteExit {
        switch status {
        case .exited(255):
            for _ in 0..<100 where master.record.status == nil { usleep(5000) }
            guard master.record.status != nil else { return status }
            let lines = master.record.standardError.split(whereSeparator: \.isNewline).map(String.init)
            return .lost(diagnosis.summary(lines.filter { !$0.hasPrefix("debug") }))
        case .signalled: return .lost("it was terminated")
        case .exited, .lost: return status
        }
    }

    /// Ends the commands, then the master, and removes the control socket.
    public func close() async {
        await clients.close()
        master.terminate()
        await withCheckedContinuation { continuation in
            master.record.observe { _ in continuation.resume() }
        }
        folder.remove()
    }
}
