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
            // Nobody opens it in between.
            let lock = try ImageLock.acquireExclusive(name, in: root)
            let isEmpty = try OverlayContents.isEmpty(name, in: root)
            guard isEmpty || !request.onlyEmpty else {
                throw KVMCloneError(
                    .validation,
                    "\(request.folder)/\(file) has data that may be nowhere else, and no VM is defined with it",
                    whatToDo: "merge it with qemu-img commit, or remove it if it isn't wanted")
            }
            try withExtendedLifetime(lock) { try root.remove(name) }
        }
    }
}
