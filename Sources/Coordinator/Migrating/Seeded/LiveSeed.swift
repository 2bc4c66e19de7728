import AgentProtocol
import Model

/// What a live migration finds of the VM's disks on the new host: all that the guest had written when its overlays were made.
struct LiveSeed: Sendable {
    /// On the old host.
    let overlays: Overlays
    /// On the new one.
    let replica: Replica
    /// What its disks become on the old host, without the overlays; nil when they are left as they are.
    let remains: HandOver.Remains?

    /// The replica's disks, by the guest's names of them.
    var bases: [String: ReplicaRecord.Disk] {
        Dictionary(replica.record.disks.map { ($0.target, $0) }) { first, _ in first }
    }

    /// Throws when the replica is another one by now: it was claimed by nobody for a moment.
    func check(on target: any HostDriver) async throws(KVMCloneError) {
        guard try await target.replica(named: replica.record.name) == replica else {
            throw KVMCloneError(
                .sync, "the copy of the disks of '\(replica.record.name)' was changed since it was verified",
                host: target.name, whatToDo: "leave it alone, and run it again", exitCode: .tryAgain)
        }
    }

    /// The files that move live: the overlays.
    var files: [ClonePlan.File] {
        overlays.disks.enumerated().map { place, disk in
            ClonePlan.File(
                index: UInt16(place), disk: disk.target, layer: 0, sourcePath: overlays.path(disk.overlay),
                sourceFormat: "qcow2", format: "qcow2", guestView: true, size: disk.size, used: 0,
                isBlockDevice: false)
        }
    }

    /// Notes in a migration what becomes of overlays and disks on both hosts.
    func prepare(_ move: inout LiveMove, _ files: [ClonePlan.File], _ place: ClonePlan.Target) {
        // Their bitmaps don't come along with disks that were copied.
        move.attachments.checkpoints = []
        let bases = bases
        move.landing = Overlays(
            host: place.host, operation: overlays.operation, name: overlays.name, uuid: overlays.uuid,
            folder: replica.folder, definition: replica.record.xml,
            disks: zip(files, place.fileNames).compactMap { file, name in
                bases[file.disk].map { base in
                    Overlays.Disk(
                        target: file.disk, file: base.file, format: base.format, size: base.size, overlay: name)
                }
            })
        move.landedGeneration = replica.record.generation
        move.remains = remains.map { remains in
            var remains = remains
            for disk in overlays.disks {
                guard let place = remains.record.disks.firstIndex(where: { $0.target == disk.target }) else { continue }
                remains.record.disks[place].overlay = disk.overlay
            }
            return remains
        }
    }
}
