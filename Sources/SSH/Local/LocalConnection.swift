import Glibc
import Synchronization

/// Runs commands as child processes of this machine, each in a session of its own.
public final class LocalConnection: HostConnection {
    /// Always `.local`.
    public let kind = ConnectionKind.local
    /// A limit against runaway callers only.
    public let maximumCommands: Int

    private let children: ChildRegistry

    /// `maximumCommands`: how many run at the same time.
    public init(maximumCommands: Int = 64) {
        self.maximumCommands = maximumCommands
        children = ChildRegistry(limit: maximumCommands)
    }

    /// True until it is closed.
    public var isUsable: Bool { !children.isClosed }

    /// See `HostConnection`. The child's stdin and stdout are the socket itself.
    public func start(
        _ command: RemoteCommand, adopting socket: consuming OwnedDescriptor
    ) async throws(SSHError) -> RemoteProcess {
        let descriptor = socket.release()
        defer { Glibc.close(descriptor) }
        let environment = currentEnvironment()
        let launch = ChildProcess.Launch(
            arguments: command.arguments(home: homeFolder()), environment: environment,
            input: descriptor, output: descriptor)
        return try await children.start(launch, host: "this machine")
    }

    /// Terminates what still runs and waits for it.
    public func close() async {
        await children.close()
    }
}

/// The home folder of the current user.
func homeFolder() -> String {
    if let home = getenv("HOME"), home.pointee != 0 { return String(cString: home) }
    guard let entry = getpwuid(getuid()) else { return "/" }
    return String(cString: entry.pointee.pw_dir)
}
