import AgentProtocol
import DataPlane
import Model

/// Removes overlays whose contents have gone elsewhere.
enum OverlayRemoval {
    static func run(_ request: RemoveOverlays) throws {
        guard Inspection.exists(request.folder) else { return }
        let root = try PoolRoot(request.folder, allowedRoots: [request.folder])
        for file in request.files {
            let name = try FileName(file)
            guard try root.exists(name) else { continue }
            let path = request.folder + "/" + file
            guard try Inspection.format(of: ImageReference(path: path, format: "qcow2")) == .qcow2 else {
                throw KVMCloneError(.validation, "\(path) is no overlay")
            }
            // Nobody opens it in between.
            let lock = try ImageLock.acquireExclusive(name, in: root)
            try withExtendedLifetime(lock) { try root.remove(name) }
        }
    }
}
