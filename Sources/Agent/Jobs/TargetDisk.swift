import AgentProtocol
import DataPlane
import Model
import Synchronization

/// One file that is being made: partial, then published.
final class TargetDisk: Sendable {
    let index: UInt16
    let finalPath: String

    private let root: PoolRoot
    private let file: TemporaryFile
    private let name: FileName
    private let writer: Mutex<(any DiskSink)?>
    private let isPublished = Mutex(false)

    /// Makes the partial files of a request. When one fails, the others are gone again.
    static func make(_ request: OpenReceive) throws -> [TargetDisk] {
        var disks: [TargetDisk] = []
        do {
            for (number, disk) in request.disks.enumerated() {
                disks.append(try TargetDisk(disk, operation: request.operation, number: number))
            }
            return disks
        } catch {
            for disk in disks { disk.discard() }
            throw error
        }
    }

    private init(_ disk: OpenReceive.Disk, operation: String, number: Int) throws {
        index = disk.index
        name = try FileName(disk.fileName)
        finalPath = disk.folder + "/" + disk.fileName
        root = try PoolRoot(disk.folder, allowedRoots: [disk.folder])
        file = try root.createTemporary(operation: operation, number: number)
        do {
            switch disk.format {
            case "raw":
                writer = Mutex(try FileSink(file, size: disk.size))
            case "qcow2":
                writer = Mutex(
                    try NBDSink(newQcow2: file, size: disk.size, export: "disk-\(disk.index)", options: .init()))
            default:
                throw KVMCloneError(.validation, "format '\(Validation.printable(disk.format))' can't be written")
            }
        } catch {
            try file.discard()
            throw error
        }
    }

    /// Where bytes are written to.
    var sink: any DiskSink {
        get throws {
            guard let sink = writer.withLock({ $0 }) else {
                throw KVMCloneError(.validation, "the disk is not being written any more")
            }
            return sink
        }
    }

    /// Which file it is, before and after its publication.
    var identity: AgentProtocol.FileIdentity {
        get throws {
            let found = try file.identity()
            return AgentProtocol.FileIdentity(device: found.device, inode: found.inode)
        }
    }

    /// Ends whatever writes to the file.
    func releaseSink() {
        writer.withLock { $0 = nil }
    }

    func rebase(onto rebase: Publish.Rebase) throws {
        let image = ImageReference(path: rebase.backingFile, format: rebase.backingFormat)
        try QemuImg.rebase(file, onto: try FileName(rebase.backingFile), format: try Inspection.format(of: image))
    }

    func publish(replacing: Set<String>, operation: String) throws {
        if replacing.contains(name.string) { try root.setAside(name, operation: operation) }
        try file.publish(as: name)
        isPublished.withLock { $0 = true }
    }

    func forgetReplaced(operation: String) throws {
        try root.removeSetAside(operation: operation)
    }

    /// Removes the partial file. A published one stays.
    func discard() {
        guard !isPublished.withLock({ $0 }) else { return }
        do { try file.discard() } catch { complain("a partial file stays: \(error)") }
    }
}
