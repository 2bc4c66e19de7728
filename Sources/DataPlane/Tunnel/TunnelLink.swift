import Synchronization

/// One connection through a tunnel, at one end: a connection with QEMU, a link with the peer, and a thread for each
/// direction.
final class TunnelLink: Sendable {
    /// The writer, shared by the thread that sends and whoever gives the link up.
    final class Outbox: Sendable {
        let writer: Mutex<TunnelWriter>
        init(_ writer: sending TunnelWriter) { self.writer = Mutex(writer) }
    }

    struct State {
        var wire: Socket?
        var outbox: Outbox?
        /// The connection with QEMU.
        var local: Socket?
        /// Whether the last frame of each direction is sent, or about to be, and received.
        var (hasSentEnd, hasReceivedEnd) = (false, false)
        var running = 2
        var isAbandoned = false
    }

    let door: TunnelDoor
    let context: TunnelContext
    private let tally: TunnelTally
    let state = Gate(State())

    init(_ door: TunnelDoor, tally: TunnelTally, context: TunnelContext) {
        self.door = door
        self.tally = tally
        self.context = context
    }

    /// Carries the link over a connection from now on. `ended` is called once for each thread that fails, and once with
    /// nil when both directions have ended.
    func attach(
        _ number: LinkNumber, _ wire: Socket, peer: Salt, ended: @escaping @Sendable ((any Error)?) -> Void
    ) throws {
        wire.tuneForTunnel(stallTimeout: context.options.stallTimeout)
        let (out, into) = (context.role.direction, context.role.peer.direction)
        let sealing = try StreamKey.tunnel(
            context.key, from: context.salt, to: peer, link: number, direction: out)
        let opening = try StreamKey.tunnel(
            context.key, from: peer, to: context.salt, link: number, direction: into)
        let outbox = Outbox(
            try TunnelWriter(
                wire, key: sealing, check: TunnelCheck(job: context.job, link: number, direction: out),
                options: context.options, tally: tally))
        let isFree = state.update { state in
            guard state.wire == nil, !state.isAbandoned else { return false }
            (state.wire, state.outbox) = (wire, outbox)
            return true
        }
        guard isFree else {
            throw TransferError(.network, "the link is joined already, or the tunnel has ended", stream: number.raw)
        }
        let check = TunnelCheck(job: context.job, link: number, direction: into)
        try context.threads.start("kc-tunnel-in") { [self] in
            do {
                let reader = try TunnelReader(wire, key: opening, check: check, tally: tally)
                do {
                    try receive(reader)
                } catch {
                    ended(error)
                    reader.drain(context.ending)
                }
            } catch {
                ended(error)
            }
            leave(ended)
        }
        try context.threads.start("kc-tunnel-out") { [self] in
            do { try send(outbox) } catch { ended(error) }
            leave(ended)
        }
    }

    /// Takes a connection of QEMU's over. False when the tunnel ends.
    @discardableResult
    func open(_ local: Socket) -> Bool {
        local.tuneForDoor()
        let isTaken = state.update { state in
            if !state.isAbandoned { state.local = local }
            return !state.isAbandoned
        }
        if isTaken {
            tally.addConnection()
            context.flow.addOpen(1)
        } else {
            local.shutDown()
        }
        return isTaken
    }

    /// Ends the link where it stands, and tells the peer why where that doesn't block. Only the first call does anything.
    func abandon(_ reason: String) {
        let sockets = state.update { state -> (Socket?, Socket?, Outbox?)? in
            if state.isAbandoned { return nil }
            state.isAbandoned = true
            return (state.wire, state.local, state.outbox)
        }
        guard let (wire, local, outbox) = sockets else { return }
        local?.shutDown()
        let isTold: Void? = outbox?.writer.withLockIfAvailable { $0.abandon(reason) }
        if isTold != nil { wire?.shutDownWriting() } else { wire?.shutDown() }
    }

    /// The last of the two threads lets both connections go.
    private func leave(_ ended: (((any Error)?) -> Void)) {
        let (isLast, hadLocal) = state.update { state in
            state.running -= 1
            let hadLocal = state.local != nil
            if state.running == 0 { (state.wire, state.outbox, state.local) = (nil, nil, nil) }
            return (state.running == 0, hadLocal)
        }
        guard isLast else { return }
        if hadLocal { context.flow.addOpen(-1) }
        ended(nil)
    }
}
