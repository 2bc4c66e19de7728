import AgentProtocol
import DataPlane
import FoundationEssentials
import Glibc
import Model

/// Joins the streams of one job to its peers, in whichever way the coordinator says.
final class PeerTable: Sendable {
    private struct State {
        var sockets: [String: [UInt16: Socket]] = [:]
        var failures: [String: String] = [:]
        var listeners: [Listener] = []
        var rendezvous: [LocalRendezvous] = []
        var isClosed = false
    }

    private let role: Role
    private let streams: Int
    /// The proof for the pair of this job and the peer of that salt.
    private let handshake: @Sendable (Salt) -> Handshake
    /// Called once for each peer, when all of its streams are there.
    private let complete: @Sendable (String, Salt, [Socket]) throws -> Void
    private let state = Gate(State())

    init(
        role: Role, streams: Int, handshake: @escaping @Sendable (Salt) -> Handshake,
        complete: @escaping @Sendable (String, Salt, [Socket]) throws -> Void
    ) {
        self.role = role
        self.streams = streams
        self.handshake = handshake
        self.complete = complete
    }

    func listen(_ request: Listen) throws -> Listen.Response {
        let salt = try Self.salt(request.peerSalt)
        let listener = try Self.listener(request.ports)
        listener.expect(handshake(salt), as: role, streams: streams) { [self] stream, socket in
            deliver(stream, socket, peer: request.peer, salt: salt)
        }
        keep { $0.listeners.append(listener) }
        guard case .tcp(_, let port) = listener.endpoint else {
            throw KVMCloneError(.network, "the listener has no port")
        }
        return Listen.Response(port: port)
    }

    /// The sender takes the dialling part of the handshake here, for both ends are listening.
    func listenLocally(_ request: ListenLocally) throws -> ListenLocally.Response {
        let salt = try Self.salt(request.peerSalt)
        let meeting = try LocalRendezvous()
        switch role {
        case .receiver:
            let listener = try Listener(path: meeting.path)
            listener.expect(handshake(salt), as: role, streams: streams) { [self] stream, socket in
                deliver(stream, socket, peer: request.peer, salt: salt)
            }
            keep { $0.listeners.append(listener) }
        case .sender:
            try meeting.accept(streams: streams) { [self] stream, socket in
                greet(socket, stream: stream, peer: request.peer, salt: salt)
            }
        }
        keep { $0.rendezvous.append(meeting) }
        return ListenLocally.Response(path: meeting.path)
    }

    func dial(_ request: Dial) throws {
        let salt = try Self.salt(request.peerSalt)
        let endpoint = Endpoint.tcp(address: request.address, port: request.port)
        for stream in 0..<UInt16(streams) {
            let socket = try Dialer.connect(to: endpoint, timeout: Double(request.timeout))
            try handshake(salt).dial(socket, stream: stream, as: role, timeout: Double(request.timeout))
            deliver(stream, socket, peer: request.peer, salt: salt)
        }
        try awaitPeer(AwaitPeer(job: request.job, peer: request.peer, timeout: request.timeout))
    }

    func awaitPeer(_ request: AwaitPeer) throws(KVMCloneError) {
        let deadline = monotonicNanoseconds() + UInt64(min(max(1, request.timeout), 86_400)) * 1_000_000_000
        let failure = state.wait(until: deadline) { state -> String? in
            if let failure = state.failures[request.peer] { return failure }
            if state.isClosed { return "the job was closed" }
            return state.sockets[request.peer]?.count == streams ? "" : nil
        }
        guard let failure else {
            throw KVMCloneError(.connection, "the peer didn't connect within \(request.timeout) s")
        }
        guard failure.isEmpty else { throw KVMCloneError(.connection, "the peer can't be joined", cause: failure) }
    }

    /// Stops listening. Streams that are joined belong to the job.
    func close() {
        let (listeners, meetings) = state.update { state in
            state.isClosed = true
            defer {
                state.listeners = []
                state.rendezvous = []
            }
            return (state.listeners, state.rendezvous)
        }
        for listener in listeners { listener.close() }
        for meeting in meetings { meeting.close() }
    }

    private func greet(_ socket: Socket, stream: UInt16, peer: String, salt: Salt) {
        do {
            try handshake(salt).dial(socket, stream: stream, as: role, timeout: 30)
            deliver(stream, socket, peer: peer, salt: salt)
        } catch {
            state.update { $0.failures[peer] = "\(error)" }
        }
    }

    private func deliver(_ stream: UInt16, _ socket: Socket, peer: String, salt: Salt) {
        let all = state.update { state -> [Socket]? in
            var mine = state.sockets[peer] ?? [:]
            guard mine.count < streams, mine[stream] == nil, !state.isClosed else { return nil }
            mine[stream] = socket
            // With the last one the peer counts as joined only after `complete`.
            guard mine.count == streams else {
                state.sockets[peer] = mine
                return nil
            }
            return (0..<UInt16(streams)).compactMap { mine[$0] }
        }
        guard let all else { return }
        do {
            try complete(peer, salt, all)
            state.update { state in
                state.sockets[peer] = Dictionary(uniqueKeysWithValues: zip(0..<UInt16(streams), all))
            }
        } catch {
            state.update { $0.failures[peer] = "\(error)" }
        }
    }

    private func keep(_ change: (inout State) -> Void) {
        state.update { change(&$0) }
    }

    private static func salt(_ bytes: HexBytes) throws(KVMCloneError) -> Salt {
        guard let salt = Salt(bytes.bytes) else { throw KVMCloneError(.validation, "a salt has the wrong length") }
        return salt
    }

    /// On all addresses, IPv6 too where the machine has it.
    private static func listener(_ ports: ClosedRange<UInt16>) throws(NetworkError) -> Listener {
        do {
            return try Listener(address: "::", ports: ports)
        } catch {
            guard error.kind == .system(EAFNOSUPPORT) else { throw error }
            return try Listener(address: "0.0.0.0", ports: ports)
        }
    }
}
