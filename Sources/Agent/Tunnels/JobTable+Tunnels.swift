import AgentProtocol
import Model

extension JobTable {
    /// `home`: where the folder of its sockets lies.
    func open(_ request: OpenTunnel, home: String) throws -> OpenTunnel.Response {
        try open(request.job) { try TunnelJob(request, home: home) }.opened
    }

    func tunnel(_ id: HexBytes) throws(KVMCloneError) -> TunnelJob {
        guard let job = try find(id) as? TunnelJob else { throw Self.wrongKind }
        return job
    }

    /// Ends a tunnel if it is known here, and removes what an agent that died may have left of it.
    func close(_ request: CloseTunnel, home: String) throws {
        let folder = try SocketFolder(operation: request.operation, home: home)
        do {
            try close(request.job)
        } catch let error as KVMCloneError where error.code == .operationNotFound {
            // It is closed, or belonged to an agent that is gone.
        }
        folder.remove(OpenTunnel.Door.names)
    }
}
