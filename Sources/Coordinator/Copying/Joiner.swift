import AgentProtocol
import Glibc
import Model

/// Brings a source's and a target's streams together: directly in either direction, else through the coordinator.
struct Joiner {
    let source: any HostDriver
    let job: HexBytes
    let sourceSalt: HexBytes
    let streams: Int
    let choice: CloneOptions.PathChoice

    /// Seconds until a direct connection has to stand.
    static let dialTimeout = 4
    /// What agents call the source.
    static let sourcePeer = "source"

    /// Joins `target`, and answers with the way that was found and, when that isn't the direct one, why.
    func join(
        _ target: any HostDriver, salt: HexBytes
    ) async throws(KVMCloneError) -> (path: DataPath, note: String?) {
        guard choice != .coordinator else {
            try await joinThroughCoordinator(target, salt: salt)
            return (.coordinator, nil)
        }
        let refused: KVMCloneError
        do {
            try await joinDirectly(target, salt: salt)
            return (.direct, nil)
        } catch {
            if Task.isCancelled { throw error }
            refused = error
        }
        guard choice == .auto else { throw refused }
        try await joinThroughCoordinator(target, salt: salt)
        return (.coordinator, "no direct connection: \(refused)")
    }

    private func joinDirectly(_ target: any HostDriver, salt: HexBytes) async throws(KVMCloneError) {
        let here = try await source.profile()
        let there = try await target.profile()
        var refusals: [String] = []
        if let address = there.transferAddress {
            do {
                let port = try await target.call(
                    Listen(job: job, peer: Self.sourcePeer, peerSalt: sourceSalt, ports: there.dataPorts)
                ).port
                _ = try await source.call(
                    Dial(
                        job: job, peer: target.name, peerSalt: salt, address: address, port: port,
                        timeout: Self.dialTimeout))
                _ = try await target.call(
                    AwaitPeer(job: job, peer: Self.sourcePeer, timeout: Self.dialTimeout))
                return
            } catch {
                if Task.isCancelled { throw error }
                refusals.append("\(error)")
            }
        }
        if let address = here.transferAddress {
            do {
                let port = try await source.call(
                    Listen(job: job, peer: target.name, peerSalt: salt, ports: here.dataPorts)
                ).port
                _ = try await target.call(
                    Dial(
                        job: job, peer: Self.sourcePeer, peerSalt: sourceSalt, address: address, port: port,
                        timeout: Self.dialTimeout))
                _ = try await source.call(AwaitPeer(job: job, peer: target.name, timeout: Self.dialTimeout))
                return
            } catch {
                if Task.isCancelled { throw error }
                refusals.append("\(error)")
            }
        }
        throw KVMCloneError(
            .connection, "\(source.name) and \(target.name) can't reach each other's data ports", host: target.name,
            cause: refusals.isEmpty ? "neither has a transfer address" : refusals.joined(separator: "; "),
            whatToDo:
                "open TCP \(there.dataPorts.lowerBound)-\(there.dataPorts.upperBound) between them, or use --path auto")
    }

    /// Joins a UNIX socket of each agent through an exec channel each; the channels share a socket pair here.
    private func joinThroughCoordinator(_ target: any HostDriver, salt: HexBytes) async throws(KVMCloneError) {
        let near = try await source.call(ListenLocally(job: job, peer: target.name, peerSalt: salt)).path
        let far = try await target.call(
            ListenLocally(job: job, peer: Self.sourcePeer, peerSalt: sourceSalt)
        ).path
        for _ in 0..<streams {
            var ends: [Int32] = [-1, -1]
            guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
                throw KVMCloneError(.connection, "no socket pair", cause: String(cString: strerror(errno)))
            }
            do {
                try await source.join(ends[0], toSocket: near)
            } catch {
                Glibc.close(ends[1])
                throw error
            }
            try await target.join(ends[1], toSocket: far)
        }
        _ = try await source.call(AwaitPeer(job: job, peer: target.name, timeout: 30))
        _ = try await target.call(AwaitPeer(job: job, peer: Self.sourcePeer, timeout: 30))
    }
}
