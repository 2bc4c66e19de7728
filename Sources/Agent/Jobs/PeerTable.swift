import AgentProtocol
import DataPlane
import FoundationEssentials
import Glibc
import Model

/// Joins links of one job to its peers, in whichever way the coordinator says. A job that passes streams on has one
/// table as a child, and one as a parent.
final class PeerTable: Sendable {
    private struct State {
        var joined: [String: Set<LinkNumber>] = [:]
        var failures: [String: String] = [:]
        var listeners: [Listener] = []
        var meetings: [LocalRendezvous] = []
        var isClosed = false
    }

    private let role: Role
    /// The proof for the pair of this job and the peer of that salt.
    private let handshake: @Sendable (Salt) -> Handshake
    /// Called once for each group of links, when all of them are there.
    private let complete: @Sendable (String, Salt, Joint, [(LinkNumber, Socket)]) throws -> Void
    private let state = Gate(State())

    init(
        role: Role, handshake: @escaping @Sendable (Salt) -> Handshake,
        complete: @escaping @Sendable (String, Salt, Joint, [(LinkNumber, Socket)]) throws -> Void
    ) {
        self.role = role
        self.handshake = handshake
        self.complete = complete
    }

    func listen(_ request: Listen) throws -> Listen.Response {
        let group = try group(request.joint, peer: request.peer, salt: request.peerSalt)
        let listener = try Self.listener(request.ports)
        expect(group, on: listener)
        guard case .tcp(_, let port) = listener.endpoint else {
            throw KVMCloneError(.network, "the listener has no port")
        }
        return Listen.Response(port: port)
    }

    /// The sender takes the dialling part of the handshake here, for both ends are listening.
    func listenLocally(_ request: ListenLocally) throws -> ListenLocally.Response {
        let group = try group(request.joint, peer: request.peer, salt: request.peerSalt)
        let meeting = try LocalRendezvous()
        try keep { $0.meetings.append(meeting) }
        switch role {
        case .receiver: expect(group, on: try Listener(path: meeting.path))
        case .sender:
            let links = group.links
            try meeting.accept(streams: links.count) { [self] number, socket in
                greet(socket, link: links[Int(number)], group)
            }
        }
        return ListenLocally.Response(path: meeting.path)
    }

    func dial(_ request: Dial) throws {
        let group = try group(request.joint, peer: request.peer, salt: request.peerSalt)
        let endpoint = Endpoint.tcp(address: request.address, port: request.port)
        for link in group.links {
            let socket = try Dialer.connect(to: endpoint, timeout: Double(request.timeout))
            try handshake(group.salt).dial(socket, link: link, as: role, timeout: Double(request.timeout))
            deliver(link, socket, group)
        }
        try awaitPeer(
            AwaitPeer(job: request.job, joint: request.joint, peer: request.peer, timeout: request.timeout))
    }

    func awaitPeer(_ request: AwaitPeer) throws(KVMCloneError) {
        let links = Set(request.joint.links.map { LinkNumber(raw: $0) })
        let deadline = monotonicNanoseconds() + UInt64(min(max(1, request.timeout), 86_400)) * 1_000_000_000
        let failure = state.wait(until: deadline) { state -> String? in
            if let failure = state.failures[request.peer] { return failure }
            if state.isClosed { return "the job was closed" }
            return state.joined[request.peer, default: []].isSuperset(of: links) ? "" : nil
        }
        guard let failure else {
            throw KVMCloneError(.connection, "the peer didn't connect within \(request.timeout) s")
        }
        guard failure.isEmpty else { throw KVMCloneError(.connection, "the peer can't be joined", cause: failure) }
    }

    /// The links that were joined with a peer, whether or not they still stand.
    func links(with peer: String) -> Set<LinkNumber> { state.update { $0.joined[peer, default: []] } }

    /// Stops listening. Links that are joined belong to the job.
    func close() {
        let (listeners, meetings) = state.update { state in
            state.isClosed = true
            defer {
                state.listeners = []
                state.meetings = []
            }
            return (state.listeners, state.meetings)
        }
        for listener in listeners { listener.close() }
        for meeting in meetings { meeting.close() }
    }

    private func group(_ joint: Joint, peer: String, salt: HexBytes) throws(KVMCloneError) -> LinkGroup {
        guard let salt = Salt(salt.bytes) else {
            throw KVMCloneError(.validation, "a salt has the wrong length")
        }
        let links = joint.links.map { LinkNumber(raw: $0) }
        guard (1...LinkNumber.streams).contains(links.count), Set(links.map(\.stream)).count == links.count else {
            throw KVMCloneError(.validation, "\(links.count) links, or two for one stream")
        }
        state.update { $0.failures[peer] = nil }
        return LinkGroup(peer: peer, salt: salt, joint: joint, links: links)
    }

    private func expect(_ group: LinkGroup, on listener: Listener) {
        listener.expect(handshake(group.salt), as: role, links: Set(group.links)) { [self] link, socket in
            deliver(link, socket, group)
        }
        let isClosed = state.update { state in
            if !state.isClosed { state.listeners.append(listener) }
            return state.isClosed
        }
        if isClosed { listener.close() }
    }

    private func keep(_ change: (inout State) -> Void) throws(KVMCloneError) {
        let isClosed = state.update { state in
            if !state.isClosed { change(&state) }
            return state.isClosed
        }
        if isClosed { throw KVMCloneError(.cancelled, "the job was closed") }
    }

    private func greet(_ socket: Socket, link: LinkNumber, _ group: LinkGroup) {
        do {
            try handshake(group.salt).dial(socket, link: link, as: role, timeout: 30)
            deliver(link, socket, group)
        } catch {
            state.update { $0.failures[group.peer] = "\(error)" }
        }
    }

    private func deliver(_ link: LinkNumber, _ socket: Socket, _ group: LinkGroup) {
        guard let all = group.add(link, socket) else { return }
        do {
            try complete(group.peer, group.salt, group.joint, all)
            state.update { $0.joined[group.peer, default: []].formUnion(group.links) }
        } catch {
            state.update { $0.failures[group.peer] = "\(error)" }
        }
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

/// Links to one peer that are joined together, and count only when all of them are there.
final class LinkGroup: Sendable {
    let peer: String
    let salt: Salt
    let joint: Joint
    let links: [LinkNumber]
    private let sockets = Gate<[LinkNumber: Socket]>([:])

    init(peer: String, salt: Salt, joint: Joint, links: [LinkNumber]) {
        self.peer = peer
        self.salt = salt
        self.joint = joint
        self.links = links
    }

    /// All links in order, when this was the last.
    func add(_ link: LinkNumber, _ socket: Socket) -> [(LinkNumber, Socket)]? {
        sockets.update { sockets in
            guard links.contains(link), sockets[link] == nil else { return nil }
            sockets[link] = socket
            guard sockets.count == links.count else { return nil }
            return links.compactMap { link in sockets[link].map { (link, $0) } }
        }
    }
}
