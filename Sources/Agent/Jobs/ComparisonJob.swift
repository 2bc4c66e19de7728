import AgentProtocol
import DataPlane
import Model
import Synchronization

/// One side of a comparison: disks, opened and locked, of which digests are asked for.
final class ComparisonJob: JoinableJob {
    /// As many as a copy's read-back: they keep a small host's disk and cores busy.
    private static let threads = 2

    private struct Hashed {
        var first: UInt64
        var digests: UnitDigests
    }

    let opened: OpenComparison.Response
    private let sources: [any DiskSource]
    private let locks: Mutex<[ImageLock]>
    /// The units that were hashed last, by the disk's place.
    private let hashed = Mutex<[Int: Hashed]>([:])
    private let cancelled = Atomic<Bool>(false)
    /// How many requests work with the disks.
    private let isRunning = Gate(0)

    init(_ request: OpenComparison) throws {
        let disks = try request.disks.map {
            try SourceOpening.open($0, operation: request.operation, roots: request.roots)
        }
        sources = disks.map(\.source)
        locks = Mutex(disks.flatMap(\.locks))
        opened = OpenComparison.Response(sizes: disks.map(\.source.size))
    }

    func hash(_ request: HashUnits) throws -> HashUnits.Response {
        let source = try source(request.disk)
        guard (1...HashUnits.limit).contains(request.count), request.first <= UInt64.max - UInt64(request.count) else {
            throw KVMCloneError(.validation, "\(request.count) units at once")
        }
        isRunning.update { $0 += 1 }
        defer { isRunning.update { $0 -= 1 } }
        let digests = try UnitDigests.of(
            source, units: request.first..<(request.first + UInt64(request.count)), threads: Self.threads,
            isCancelled: { [self] in cancelled.load(ordering: .relaxed) })
        hashed.withLock { $0[request.disk] = Hashed(first: request.first, digests: digests) }
        return HashUnits.Response(
            digests: HexBytes(digests.units.flatMap(\.digest)), dataBytes: digests.dataBytes)
    }

    func leaves(_ request: HashLeaves) throws -> HashLeaves.Response {
        guard let hashed = hashed.withLock({ $0[request.disk] }) else {
            throw KVMCloneError(.validation, "no units of disk \(request.disk) were hashed")
        }
        guard request.units.count <= HashUnits.limit else {
            throw KVMCloneError(.validation, "leaves of \(request.units.count) units at once")
        }
        let places = hashed.digests.units.indices
        return HashLeaves.Response(
            leaves: try request.units.map { unit in
                guard unit >= hashed.first, unit - hashed.first < UInt64(places.count) else {
                    throw KVMCloneError(.validation, "unit \(unit) is not among those that were hashed last")
                }
                return HexBytes(try hashed.digests.leaves(of: Int(unit - hashed.first)))
            })
    }

    func confirm() throws {
        for source in sources { try source.checkUnchanged() }
    }

    private func source(_ place: Int) throws(KVMCloneError) -> any DiskSource {
        guard sources.indices.contains(place) else {
            throw KVMCloneError(.validation, "there is no disk \(place) to compare")
        }
        return sources[place]
    }

    func peers(as part: Joint.Part) throws(KVMCloneError) -> PeerTable { throw Self.noPeers }

    func setRate(_ rate: UInt64?, child: String?) throws(KVMCloneError) { throw Self.noPeers }

    func drop(peer: String) {}

    func close() {
        cancelled.store(true, ordering: .relaxed)
        _ = isRunning.wait { $0 > 0 ? nil : true }
        locks.withLock { $0 = [] }
    }

    func suspend(unpublishing: Bool) -> UInt64 {
        close()
        return 0
    }

    private static var noPeers: KVMCloneError {
        KVMCloneError(.validation, "a comparison sends nothing to anybody")
    }
}
