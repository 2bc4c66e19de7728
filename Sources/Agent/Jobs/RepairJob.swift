import AgentProtocol
import DataPlane
import FoundationEssentials
import Model

/// Sends some ranges of a job's disks to one of its targets, sealed by this agent as an origin of its own.
final class RepairJob: JoinableJob {
    let opened: OpenRepair.Response
    private let transfer: SendJob
    private let peers: PeerTable
    private let ranges: [LeafRanges]

    init(
        _ request: OpenRepair, key: JobKey, disks: [(index: UInt32, source: any DiskSource)], options: SendOptions
    ) throws {
        guard let uuid = UUID(job: request.job) else {
            throw KVMCloneError(.validation, "the job's id has the wrong length")
        }
        var options = options
        options.streams = request.streams
        options.verify = false
        options.awaitsTargets = nil
        ranges = try LeafRanges.of(request.disks, sizes: disks.map(\.source.size))
        let transfer = try SendJob(id: uuid, key: key, disks: disks, options: options)
        self.transfer = transfer
        opened = OpenRepair.Response(salt: HexBytes(transfer.salt.bytes))
        peers = PeerTable(
            role: .sender, handshake: { transfer.handshake(receiver: $0) },
            complete: { peer, salt, joint, links in
                // A repair has streams of its own; the target counts its links as further attempts at some of those
                // that the job has.
                try transfer.addTarget(id: peer, salt: salt, links: links, terms: TargetTerms(joint))
            })
    }

    func peers(as part: Joint.Part) throws(KVMCloneError) -> PeerTable {
        guard part == .parent else { throw KVMCloneError(.validation, "a repair is nobody's child") }
        return peers
    }

    func run() throws -> RunRepair.Response {
        defer { peers.close() }
        let report = try transfer.run(ranges)
        return RunRepair.Response(
            wireBytes: report.targets.reduce(0) { $0 + $1.wireBytes }, dataBytes: report.dataBytes)
    }

    func setRate(_ rate: UInt64?, child: String?) { transfer.setRate(rate, target: child) }

    func drop(peer: String) { transfer.drop(target: peer) }

    func close() {
        transfer.cancel()
        peers.close()
    }

    func suspend(unpublishing: Bool) -> UInt64 {
        close()
        return 0
    }
}
