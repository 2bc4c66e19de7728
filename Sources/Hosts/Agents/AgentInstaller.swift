import Executors
import FoundationEssentials
import Glibc
import Model
import SSH

/// Puts the agent on a machine, and starts it there.
struct AgentInstaller: Sendable {
    let host: String
    let binary: AgentBinary
    let usesSudo: Bool
    /// True where the executable is run where it lies.
    let isLocal: Bool
    /// The folder on the host below which agents are put; nil: the user's cache folder.
    let agentFolder: String?
    /// Where the agent keeps its claims; nil: where its user keeps such things.
    let stateFolder: String?

    /// Prints the machine's architecture, then `present` if the agent of digest $1 lies at $2 unharmed.
    ///
    /// The digest takes about 0.1 s of CPU. A file whose inode, size and times (the change time can't be set) are
    /// those that it had when its digest was last seen to be right isn't read again.
    private static let probe: StaticString = """
        uname -m
        [ -x "$2" ] || exit 0
        stamp=$(stat -c '%i %s %y %z' "$2")
        if [ -z "$stamp" ] || [ "$stamp" != "$(cat "$2.verified" 2>/dev/null)" ]; then
            printf '%s  %s\\n' "$1" "$2" | sha256sum -c --status - 2>/dev/null || exit 0
            umask 077
            printf '%s\\n' "$stamp" >"$2.verified"
        fi
        echo present
        """

    /// Takes the executable from standard input, checks its digest $1 and puts it to $2 in one step.
    private static let install: StaticString = """
        set -e
        umask 077
        mkdir -p "${2%/*}"
        part=$(mktemp "${2%/*}/.part-XXXXXX")
        trap 'rm -f "$part"' EXIT
        cat >"$part"
        printf '%s  %s\\n' "$1" "$part" | sha256sum -c --status -
        chmod 700 "$part"
        mv -f "$part" "$2"
        trap - EXIT
        """

    /// Removes the folder of installed agents.
    private static let purge: StaticString = """
        rm -rf "$1"
        """

    /// Starts the agent, after installing it if it isn't there.
    func start(on pool: ConnectionPool) async throws(KVMCloneError) -> RemoteProcess {
        try await ensureInstalled(on: pool)
        let state: [RemoteCommand.Word] = stateFolder.map { [.text("--state"), .text($0)] } ?? []
        do throws(SSHError) {
            return try await pool.start(try command([.text("serve")] + state), on: .control)
        } catch {
            throw KVMCloneError(ssh: error, host: host)
        }
    }

    /// Starts the agent as a pipe between a UNIX socket on the host and `descriptor`, which it takes.
    func pipe(
        to socketPath: String, descriptor: consuming OwnedDescriptor, on pool: ConnectionPool,
        lane: ConnectionPool.Lane
    ) async throws(KVMCloneError) -> RemoteProcess {
        do throws(SSHError) {
            return try await pool.start(
                try command([.text("pipe"), .text(socketPath)]), on: lane, adopting: descriptor)
        } catch {
            throw KVMCloneError(ssh: error, host: host)
        }
    }

    /// Removes all agents that were installed on the host.
    func purge(on pool: ConnectionPool) async throws(KVMCloneError) {
        _ = try await script(Self.purge, [installed(nil)], input: nil, on: pool)
    }

    private func ensureInstalled(on pool: ConnectionPool) async throws(KVMCloneError) {
        guard !isLocal else { return }
        let words: [RemoteCommand.Word] = [.text(binary.digest), installed(binary.digest)]
        let answer = try await script(Self.probe, words, input: nil, on: pool).split(separator: "\n")
        guard let machine = answer.first else {
            throw KVMCloneError(
                .connection, "the host's shell doesn't answer", host: host,
                whatToDo: "make sure that `ssh \(host) uname -m` prints one line and nothing else")
        }
        guard machine == binary.architecture else {
            throw KVMCloneError(
                .connection, "the host is a \(machine) machine; the agent is built for \(binary.architecture)",
                host: host, whatToDo: "use hosts of one architecture")
        }
        guard answer.last != "present" else { return }
        guard let bytes = FileManager.default.contents(atPath: binary.path) else {
            throw KVMCloneError(.configuration, "the agent's executable \(binary.path) can't be read")
        }
        _ = try await script(Self.install, words, input: bytes, on: pool)
    }

    private func command(_ arguments: [RemoteCommand.Word]) throws(SSHError) -> RemoteCommand {
        let program: [RemoteCommand.Word] = [isLocal ? .text(binary.path) : installed(binary.digest)]
        let prefix: [RemoteCommand.Word] = usesSudo ? [.text("sudo"), .text("-n"), .text("--")] : []
        return try RemoteCommand(prefix + program + arguments)
    }

    /// The folder of installed agents, or one of them.
    private func installed(_ digest: String?) -> RemoteCommand.Word {
        let file = digest.map { "/" + $0 } ?? ""
        guard let agentFolder else { return .home(".cache/kvm-clone/agents" + file) }
        return .text(agentFolder + "/kvm-clone-agents" + file)
    }

    /// Runs a script to its end and answers with what it printed.
    private func script(
        _ text: StaticString, _ words: [RemoteCommand.Word], input: Data?, on pool: ConnectionPool
    ) async throws(KVMCloneError) -> String {
        do throws(SSHError) {
            let process = try await pool.start(
                try RemoteCommand(script: text, arguments: words), on: .control)
            let output = await exchange(process, input: input)
            let status = await process.waitForExit()
            guard status.isSuccess else {
                throw SSHError.process("\(status): \(process.standardError)")
            }
            return output
        } catch {
            throw KVMCloneError(ssh: error, host: host)
        }
    }

    private func exchange(_ process: RemoteProcess, input: Data?) async -> String {
        guard let descriptor = process.takeSocket() else { return "" }
        let socket = LinkSocket(descriptor)
        return await BlockingPool.shared.run { socket.exchange(input) }
    }
}

extension LinkSocket {
    /// Writes `input`, ends that direction, and reads to the end, at most 64 KiB.
    func exchange(_ input: Data?) -> String {
        if let input { _ = writeAll(input) }
        endWriting()
        return String(decoding: readToEnd(limit: 64 << 10), as: UTF8.self)
    }
}
