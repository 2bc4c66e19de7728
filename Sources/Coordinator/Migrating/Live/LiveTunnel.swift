import AgentProtocol
import Model

/// The way of a VM's memory and disks from one host's QEMU to the other's: through both agents, sealed.
struct LiveTunnel: Sendable {
    let id: OperationID
    let job: HexBytes
    let here: any HostDriver
    let there: any HostDriver
    let ledger: Ledger
    let options: CloneOptions
    /// Bytes per second on the wire; nil: no limit.
    let limit: UInt64?

    /// Where QEMU connects to, or listens, on both hosts.
    struct Ends: Sendable {
        var memory: String
        var disks: String?
        var path: DataPath
        var note: String?
    }

    /// Opens it for so many disks.
    func open(disks: Int) async throws(KVMCloneError) -> Ends {
        // A QEMU that reads nothing for that long is taken for dead; a slow disk is not.
        let patience = max(30, min(options.stallTimeout, 600))
        let secret = JobSecret(.random(32))
        let doors =
            [OpenTunnel.Door(name: "ram", links: 1)] + (disks > 0 ? [OpenTunnel.Door(name: "disks", links: disks)] : [])
        func request(_ side: OpenTunnel.Side) -> OpenTunnel {
            OpenTunnel(
                job: job, secret: secret, operation: id.description, side: side, doors: doors,
                compression: OpenSend.Compression(options.compression), bandwidthLimit: limit,
                stallTimeout: patience)
        }
        let far = try await ledger.perform(.tunnel(host: there.name, job: job)) { () throws(KVMCloneError) in
            try await there.call(request(.target))
        }
        let near = try await ledger.perform(.tunnel(host: here.name, job: job)) { () throws(KVMCloneError) in
            try await here.call(request(.source))
        }
        guard near.paths == far.paths, near.paths.count == doors.count else {
            throw KVMCloneError(.connection, "the agents' sockets are not the same", host: there.name)
        }
        let joined = try await Joiner(
            job: job, parent: JoinEnd(driver: here, salt: near.salt), child: JoinEnd(driver: there, salt: far.salt),
            links: (0..<UInt16(1 + disks)).map { $0 }, choice: options.path
        ).join()
        return Ends(
            memory: near.paths[0], disks: near.paths.count > 1 ? near.paths[1] : nil, path: joined.path,
            note: joined.note)
    }

    /// Bytes on the wire so far, both ways; nil when nobody can tell.
    func wireBytes() async -> UInt64? {
        guard let totals = try? await here.call(TunnelCounters(job: job)) else { return nil }
        return totals.doors.reduce(0) { $0 + $1.toTarget.wire + $1.toSource.wire }
    }
}
