import AgentProtocol
import DataPlane
import Model

/// Opens one source disk and takes QEMU's locks on all of its images.
enum SourceOpening {
    struct Opened {
        var source: any DiskSource
        var locks: [ImageLock]
    }

    static func open(_ disk: OpenSend.Disk, roots: [String]) throws -> Opened {
        let files = [disk.image.path] + disk.locked.map(\.path)
        let allowance = try ReadAllowance(files: files, roots: roots)
        // Locked first: what is opened afterwards can't change any more.
        let locks = try disk.locked.map { try ImageLock.acquireShared($0.path, allowance: allowance) }
        if disk.guestView {
            let chain = try Inspection.chain(
                disk.image, declared: disk.locked.filter { $0.path != disk.image.path }, roots: roots)
            return Opened(
                source: try NBDSource(chain, export: disk.exportName, allowance: allowance), locks: locks)
        }
        let image = try allowance.open(disk.image.path)
        if image.identity.isBlockDevice { return Opened(source: try BlockSource(image), locks: locks) }
        return Opened(source: try FileSource(image), locks: locks)
    }
}
