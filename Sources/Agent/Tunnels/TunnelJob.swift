import AgentProtocol
import DataPlane
import FoundationEssentials
import Model

/// One end of a tunnel, with the folder of its sockets.
final class TunnelJob: JoinableJob {
    let opened: OpenTunnel.Response

    private let side: OpenTunnel.Side
    private let tunnel: Tunnel
    private let peers: PeerTable
    private let folder: SocketFolder

    /// `home`: where the folder lies.
    init(_ request: OpenTunnel, home: String) throws {
        guard let key = JobKey(request.secret.value.bytes), let uuid = UUID(job: request.job) else {
            throw KVMCloneError(.validation, "the job's id or key has the wrong length")
        }
        let doors = try Self.checked(request.doors)
        var options = TunnelOptions()
        options.compression = CompressionMode(request.compression)
        options.bytesPerSecond = request.bandwidthLimit
        options.stallTimeout = Double(request.stallTimeout)
        let folder = try SocketFolder(operation: request.operation, home: home)
        let role: Role = request.side == .source ? .sender : .receiver
        let tunnel = try Tunnel(
            id: uuid, key: key, role: role,
            doors: doors.map { TunnelDoor(name: $0.name, path: folder.socket($0.name), links: $0.links) },
            options: options)
        self.tunnel = tunnel
        self.folder = folder
        side = request.side
        opened = OpenTunnel.Response(
            salt: HexBytes(tunnel.salt.bytes), paths: doors.map { folder.socket($0.name) })
        peers = PeerTable(
            role: role, handshake: { tunnel.handshake(peer: $0) },
            complete: { _, salt, joint, links in
                if let rate = joint.rate { tunnel.setRate(rate) }
                for (link, socket) in links { try tunnel.attach(link, socket, peer: salt) }
            })
        do {
            let owner = try folder.make(without: OpenTunnel.Door.names, purpose: "no tunnel for QEMU")
            if role == .sender { try tunnel.listen(owner: owner.user, group: owner.group) }
        } catch {
            close()
            throw error
        }
    }

    func peers(as part: Joint.Part) throws(KVMCloneError) -> PeerTable {
        guard part == (side == .source ? .parent : .child) else {
            throw KVMCloneError(.validation, "the source of a tunnel is the parent, its target the child")
        }
        return peers
    }

    /// Waits for the end of the tunnel.
    func run() throws -> TunnelTotals {
        try tunnel.wait()
        return totals
    }

    /// What has gone through it so far.
    var totals: TunnelTotals {
        TunnelTotals(doors: tunnel.counters.map(TunnelTotals.Door.init), failure: tunnel.failure.map { "\($0)" })
    }

    func setRate(_ rate: UInt64?, child: String?) throws(KVMCloneError) {
        guard side == .source else { throw KVMCloneError(.validation, "only the source of a tunnel has a rate") }
        tunnel.setRate(rate)
    }

    func drop(peer: String) { tunnel.drop() }

    func close() {
        peers.close()
        tunnel.close()
        folder.remove(OpenTunnel.Door.names)
    }

    func suspend(unpublishing: Bool) -> UInt64 {
        close()
        return 0
    }

    private static func checked(_ doors: [OpenTunnel.Door]) throws(KVMCloneError) -> [OpenTunnel.Door] {
        let isKnown = doors.allSatisfy { OpenTunnel.Door.names.contains($0.name) && (1...64).contains($0.links) }
        guard isKnown, Set(doors.map(\.name)).count == doors.count,
            (1...LinkNumber.streams).contains(doors.reduce(0, { $0 + $1.links }))
        else {
            throw KVMCloneError(.validation, "a tunnel's doors are 'ram' and 'disks', with 1 to 64 links together")
        }
        return doors
    }
}

extension TunnelTotals.Door {
    init(_ counters: DataPlane.TunnelCounters) {
        self.init(
            name: counters.door, connections: counters.connections, toTarget: .init(counters.toTarget),
            toSource: .init(counters.toSource))
    }
}

extension TunnelTotals.Bytes {
    init(_ bytes: DataPlane.TunnelCounters.Bytes) { self.init(plain: bytes.plain, wire: bytes.wire) }
}
