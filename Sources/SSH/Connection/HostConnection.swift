import CLinux
import Glibc

/// How a connection reaches its machine.
public enum ConnectionKind: String, Sendable, Codable, CaseIterable {
    /// In this process, through libssh2.
    case libssh2
    /// Through OpenSSH's ssh(1) as a child process.
    case ssh
    /// Child processes on this machine.
    case local
}

/// One way to run commands on a machine. All kinds behave alike; differences are documented at their types.
public protocol HostConnection: Sendable {
    /// Which kind it is.
    var kind: ConnectionKind { get }

    /// False when the connection was lost or closed; it never comes back.
    var isUsable: Bool { get }

    /// How many commands it runs at the same time, at most. More are refused with `SSHError.channel`.
    var maximumCommands: Int { get }

    /// Runs `command` with stdin and stdout joined to `socket`, a stream socket, which the connection then owns.
    ///
    /// Suspends until the other side has started the command.
    func start(
        _ command: RemoteCommand, adopting socket: consuming OwnedDescriptor
    ) async throws(SSHError) -> RemoteProcess

    /// Ends all commands and the connection. Suspends until its threads and processes have ended.
    func close() async
}

extension HostConnection {
    /// Runs `command` with stdin and stdout joined to a socket that `RemoteProcess.takeSocket` hands out.
    public func start(_ command: RemoteCommand) async throws(SSHError) -> RemoteProcess {
        let pair = try SocketPair()
        let ours = pair.first
        do {
            let process = try await start(command, adopting: OwnedDescriptor(owning: pair.second))
            process.attach(socket: ours)
            return process
        } catch {
            Glibc.close(ours)
            throw error
        }
    }
}
