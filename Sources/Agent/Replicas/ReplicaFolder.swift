import AgentProtocol
import DataPlane
import FoundationEssentials
import Model

/// The records of replicas in one pool folder.
struct ReplicaFolder {
    /// Bytes of a record: libvirt's own limit for a domain's XML is 8 MiB, a message's as well.
    private static let mostBytes: UInt64 = 4 << 20
    /// The unfinished file in which a record is written; an operation has fewer disks.
    private static let number = 99_999

    let root: PoolRoot
    let path: String

    init(_ folder: String) throws {
        root = try PoolRoot(folder, allowedRoots: [folder])
        path = folder
    }

    /// All replicas of some folders; one that isn't there has none.
    static func list(_ request: ListReplicas) throws -> ListReplicas.Response {
        try Set(request.folders).sorted().filter(Inspection.exists).flatMap { try ReplicaFolder($0).all() }
    }

    func all() throws -> [ListReplicas.Found] {
        try root.files(endingWith: ReplicaRecord.suffix).map { file in
            let name = String(file.string.dropLast(ReplicaRecord.suffix.count))
            do {
                return ListReplicas.Found(folder: path, name: name, record: try record(of: name))
            } catch {
                return ListReplicas.Found(
                    folder: path, name: name, record: nil, problem: KVMCloneError(agent: error).message)
            }
        }
    }

    /// The replica's record; nil when there is none. Throws for one that can't be used.
    func record(of name: String) throws -> ReplicaRecord? {
        let file = try Self.file(name)
        guard let bytes = try root.read(file, limit: Self.mostBytes) else { return nil }
        let record: ReplicaRecord
        do {
            record = try JSONDecoder().decode(ReplicaRecord.self, from: Data(bytes))
        } catch {
            throw unusable(file, "it isn't a record of a replica, or of a newer version")
        }
        guard record.version == ReplicaRecord.currentVersion else {
            throw unusable(file, "it is of version \(record.version)")
        }
        guard record.name == name else { throw unusable(file, "it is of '\(Validation.printable(record.name))'") }
        try check(record)
        return record
    }

    /// Replaces, makes or removes a record.
    func change(_ request: SwitchReplica) throws {
        let current = try record(of: request.replica)
        guard current != request.to else { return }
        guard current?.generation == request.from else {
            let found = current.map { "generation \($0.generation)" } ?? "nothing"
            throw KVMCloneError(
                .sync, "the replica of '\(Validation.printable(request.replica))' has changed meanwhile: \(found)",
                whatToDo: "run it again", exitCode: .tryAgain)
        }
        let file = try Self.file(request.replica)
        guard let next = request.to else {
            try root.remove(file)
            return
        }
        guard next.name == request.replica else {
            throw KVMCloneError(.validation, "a record of another name than its replica")
        }
        try check(next)
        try write(next, as: file)
    }

    func write(_ record: ReplicaRecord) throws {
        try write(record, as: try Self.file(record.name))
    }

    private func write(_ record: ReplicaRecord, as file: FileName) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(record)
        guard data.count <= Int(Self.mostBytes) else {
            throw KVMCloneError(.validation, "the record of a replica has \(data.count) bytes")
        }
        try root.replace(file, with: Array(data), operation: record.operation, number: Self.number)
    }

    /// Every file that a record names is one of the folder's.
    private func check(_ record: ReplicaRecord) throws {
        for name in record.disks.flatMap({ [$0.file] + [$0.overlay].compactMap { $0 } }) + record.retired {
            _ = try FileName(name)
        }
        for disk in record.disks { _ = try Inspection.format(of: ImageReference(path: disk.file, format: disk.format)) }
    }

    private static func file(_ name: String) throws -> FileName { try FileName(name + ReplicaRecord.suffix) }

    private func unusable(_ file: FileName, _ reason: String) -> KVMCloneError {
        KVMCloneError(
            .validation, "\(path)/\(file) can't be used: \(reason)",
            whatToDo: "if its disks aren't needed, remove it and them")
    }
}
