import AgentProtocol
import DataPlane
import Glibc
import Model

/// Finds out whether one host reaches another's data ports.
enum PortProbe {
    /// Listens for a while. Whoever connects is dropped: nobody can prove anything here.
    static func offer(_ request: OfferPort, threads: RequestThreads) throws -> OfferPort.Response {
        let listener = try Listener(address: "0.0.0.0", ports: request.ports)
        let isStarted = threads.start("kc-offer") {
            threads.pause(seconds: max(1, min(request.seconds, 60)))
            listener.close()
        }
        guard isStarted, case .tcp(_, let port) = listener.endpoint else {
            listener.close()
            throw KVMCloneError(.general, "no thread for a port")
        }
        return OfferPort.Response(port: port)
    }

    static func probe(_ request: ProbePort) -> ProbePort.Response {
        do {
            _ = try Dialer.connect(
                to: .tcp(address: request.address, port: request.port), timeout: Double(request.timeout))
            return ProbePort.Response(reachable: true, reason: nil)
        } catch {
            return ProbePort.Response(reachable: false, reason: "\(error)")
        }
    }
}
