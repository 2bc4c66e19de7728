import AgentProtocol
import DataPlane
import Model

/// Opens one source disk and takes QEMU's locks on all of its images.
enum SourceOpening {
    struct Opened {
        var source: any DiskSource
        var locks: [ImageLock]
        /// Which state of the disk it is; nil where nothing tells.
        var generation: [UInt8]?
    }

    static func open(_ disk: OpenSend.Disk, operation: String, roots: [String]) throws -> Opened {
        if let socket = disk.socket { return try open(disk, socket: socket, operation: operation) }
        let files = [disk.image.path] + disk.locked.map(\.path)
        let allowance = try ReadAllowance(files: files, roots: roots)
        // Locked first: what is opened afterwards can't change any more.
        let locks = try disk.locked.map { try ImageLock.acquireShared($0.path, allowance: allowance) }
        if disk.guestView {
            let chain = try Inspection.chain(
                disk.image, declared: disk.locked.filter { $0.path != disk.image.path }, roots: roots)
            let source = try NBDSource(
                chain, export: disk.exportName, bitmap: disk.bitmap, allowance: allowance)
            return Opened(
                source: source, locks: locks,
                generation: try SourceGeneration.of(
                    chain.layers.map { ($0.path, $0.identity) }, guestView: true, size: source.size))
        }
        let image = try allowance.open(disk.image.path)
        let identity = image.identity
        if identity.isBlockDevice { return Opened(source: try BlockSource(image), locks: locks, generation: nil) }
        let source = try FileSource(image)
        return Opened(
            source: source, locks: locks,
            generation: try SourceGeneration.of([(disk.image.path, identity)], guestView: false, size: source.size))
    }

    /// A disk of a running VM as it was when the backup began, which nobody can name later on.
    private static func open(_ disk: OpenSend.Disk, socket: String, operation: String) throws -> Opened {
        guard socket.hasPrefix("/"), socket.hasSuffix("/kvm-clone-\(operation)/nbd") else {
            throw KVMCloneError(.validation, "'\(Validation.printable(socket))' is not the backup's socket")
        }
        let client = try NBDClient(
            path: socket, export: disk.exportName,
            contexts: [NBDClient.allocationContext] + (disk.bitmap.map { [NBDSource.context(of: $0)] } ?? []),
            connections: QemuNBD.connections)
        return Opened(source: NBDSource(client), locks: [], generation: nil)
    }
}
