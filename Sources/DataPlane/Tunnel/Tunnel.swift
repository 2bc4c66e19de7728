import FoundationEssentials
import Glibc

/// One end of a tunnel: connections to UNIX sockets at the source are carried, sealed, to sockets at the target. Each
/// has a link of its own, with one thread for each direction; little lies in between.
public final class Tunnel: Sendable {
    private struct State {
        var failure: TransferError?
        var isClosed = false
        var ended = 0
        var peer: Salt?
        var listeners: [DoorListener] = []
    }

    private let context: TunnelContext
    private let doors: [(door: TunnelDoor, tally: TunnelTally, links: Range<Int>)]
    private let links: [TunnelLink]
    private let state = Gate(State())

    /// An end that carries nothing yet. `role`: the sender is the source. Links are numbered in the order of the doors; there
    /// may be 64.
    public init(id: UUID, key: JobKey, role: Role, doors: [TunnelDoor], options: TunnelOptions) throws {
        context = TunnelContext(
            job: id, key: key, salt: try Salt.random(), role: role, options: options,
            flow: TunnelFlow(bytesPerSecond: options.bytesPerSecond))
        var (all, links): ([(TunnelDoor, TunnelTally, Range<Int>)], [TunnelLink]) = ([], [])
        for door in doors {
            let tally = TunnelTally()
            all.append((door, tally, links.count..<(links.count + door.links)))
            for _ in 0..<door.links { links.append(TunnelLink(door, tally: tally, context: context)) }
        }
        self.doors = all
        self.links = links
    }

    /// This end's salt, for the peer.
    public var salt: Salt { context.salt }

    /// The proof for the pair of this end and that peer.
    public func handshake(peer: Salt) -> Handshake {
        let isSource = context.role == .sender
        return Handshake(
            job: context.job, key: context.key, sender: isSource ? salt : peer, receiver: isSource ? peer : salt)
    }

    /// At the source: listens on all doors, for that user. As many connections as a door has links are accepted, and wait
    /// until those are joined.
    public func listen(owner: uid_t, group: gid_t) throws {
        for (door, _, range) in doors {
            let listener = try DoorListener(path: door.path, owner: owner, group: group)
            let isOpen = keep(listener)
            guard isOpen else { throw TransferError.cancelled() }
            try context.threads.start("kc-tunnel-door") { [self] in
                do throws(NetworkError) {
                    for link in links[range] {
                        guard let local = try listener.accept() else { return }
                        link.open(local)
                    }
                    listener.shutDown()
                } catch {
                    fail(TransferError(.network, "\(error)", underlying: error), door, nil)
                }
            }
        }
    }

    /// Carries a link over a connection that has proved itself as that of the peer with that salt. A link is joined once.
    public func attach(_ number: LinkNumber, _ socket: Socket, peer: Salt) throws {
        let isPeer = state.update { state in
            if state.peer == nil { state.peer = peer }
            return state.peer == peer
        }
        guard isPeer, links.indices.contains(Int(number.stream)) else {
            throw TransferError(.network, "the tunnel has another peer, or no such link", stream: number.raw)
        }
        let link = links[Int(number.stream)]
        try link.attach(number, socket, peer: peer) { [self] error in
            if let error { fail(TransferError(error, stream: number.stream), link.door, link) } else { end() }
        }
    }

    /// Blocks until every link has been used and has ended in both directions, or `close` is called. Throws the first
    /// failure; then everything has been shut down.
    public func wait() throws(TransferError) {
        let failure = state.wait { [links] state -> TransferError?? in
            if let failure = state.failure { return .some(failure) }
            return state.isClosed || state.ended == links.count ? .some(nil) : nil
        }
        if let failure = failure ?? nil { throw failure }
    }

    /// What has gone through each door.
    public var counters: [TunnelCounters] { doors.map { $0.tally.counters(door: $0.door.name) } }

    /// The first failure, if there was one.
    public var failure: TransferError? { state.update { $0.failure } }

    /// Limits what the source sends from now on, in bytes on the wire per second; nil: no limit.
    public func setRate(_ bytesPerSecond: UInt64?) { context.flow.setRate(bytesPerSecond) }

    /// Gives the peer up, as if its links had broken.
    public func drop() { shutDown(TransferError(.network, "the peer was dropped")) }

    /// Ends everything, and waits for the threads, which takes about a second when the peer is gone. May be called more than
    /// once, from any thread of others.
    public func close() {
        shutDown(nil)
        context.threads.waitForAll()
    }

    private func keep(_ listener: DoorListener) -> Bool {
        let isOpen = state.update { state in
            let isOpen = !state.isClosed && state.failure == nil
            if isOpen { state.listeners.append(listener) }
            return isOpen
        }
        if !isOpen { listener.shutDown() }
        return isOpen
    }

    private func end() { state.update { $0.ended += 1 } }

    private func fail(_ error: TransferError, _ door: TunnelDoor, _ link: TunnelLink?) {
        let failure = TransferError(
            error.kind, "tunnel '\(door.name)': \(error.message)", stream: error.stream, underlying: error.underlying)
        shutDown(failure, first: link)
    }

    /// Closes all sockets, so that QEMU at both ends sees it. `failure`: why; nil: it was closed. `first`: the link that is
    /// the likeliest to get the reason through before the peer notices the others.
    private func shutDown(_ failure: TransferError?, first: TunnelLink? = nil) {
        let listeners = state.update { state -> [DoorListener]? in
            guard !state.isClosed, state.failure == nil else {
                if failure == nil { state.isClosed = true }
                return nil
            }
            state.failure = failure
            state.isClosed = failure == nil
            // Not before the failure is noted: what threads fail of then isn't the reason.
            context.ending.set()
            return state.listeners
        }
        guard let listeners else { return }
        for listener in listeners { listener.shutDown() }
        let reason = failure?.message ?? "the tunnel was closed"
        first?.abandon(reason)
        for link in links { link.abandon(reason) }
    }
}
