import AgentProtocol
import Model

extension HostDriver {
    /// Folders of the host's pools that hold files, as the topology and libvirt know them.
    func poolFolders() async throws(KVMCloneError) -> [String] {
        let declared = try await profile().pools.values
        let found = try await hypervisor().pools.filter(\.holdsFiles).compactMap(\.path)
        return Set(declared).union(found).sorted()
    }

    /// All replicas in the host's pools.
    func replicas() async throws(KVMCloneError) -> [ListReplicas.Found] {
        let folders = try await poolFolders()
        return folders.isEmpty ? [] : try await call(ListReplicas(folders: folders))
    }

    /// The replica of that name; nil when there is none. Throws for one that can't be used.
    func replica(named name: String) async throws(KVMCloneError) -> Replica? {
        let found = try await replicas().filter { $0.name == name }
        guard found.count < 2 else {
            throw KVMCloneError(
                .sync, "there are \(found.count) replicas of '\(name)'", host: self.name,
                cause: found.map(\.folder).joined(separator: ", "),
                whatToDo: "remove all but one of them: \(found.map { $0.path }.joined(separator: " "))")
        }
        guard let one = found.first else { return nil }
        guard let record = one.record else {
            throw KVMCloneError(
                .sync, "the replica of '\(name)' can't be used", host: self.name, cause: one.problem,
                whatToDo: "remove \(one.path) and its disks, and sync again")
        }
        guard record.definition == nil else {
            throw KVMCloneError(
                .sync, "an earlier sync of '\(name)' has not ended", host: self.name,
                whatToDo: "kvm-clone op cleanup \(record.operation)")
        }
        return Replica(folder: one.folder, record: record)
    }
}

/// A replica where it is.
struct Replica: Sendable, Equatable {
    var folder: String
    var record: ReplicaRecord

    /// What new files beside its own are numbered with: its next generation, or the first number after that which none of its
    /// files has. A disk that a VM came with keeps the name that it had there.
    var freeNumber: Int {
        let files = record.disks.flatMap { [$0.file, $0.overlay ?? ""] } + record.retired
        var number = record.generation + 1
        while files.contains(where: { $0.contains(".g\(number).") }) { number += 1 }
        return number
    }
}

extension ListReplicas.Found {
    /// Its record's file.
    var path: String { "\(folder)/\(name)\(ReplicaRecord.suffix)" }
}
