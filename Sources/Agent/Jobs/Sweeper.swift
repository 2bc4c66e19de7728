import AgentProtocol
import DataPlane
import Glibc
import Model

/// Removes what an operation has left in pool folders, whichever agent left it.
enum Sweeper {
    static func sweep(_ request: Sweep) throws -> Sweep.Response {
        var touched: [String] = []
        for folder in request.folders where Inspection.exists(folder) {
            let root = try PoolRoot(folder, allowedRoots: [folder])
            touched += try root.removeTemporaries(operation: request.operation).map { "\(folder)/\($0)" }
            for published in request.published where published.path.hasPrefix(folder + "/") {
                if try remove(published, in: root, folder: folder) { touched.append(published.path) }
            }
            touched += try root.putBack(operation: request.operation).map { "\(folder)/\($0)" }
        }
        return Sweep.Response(paths: touched)
    }

    /// Does what is left to do for an operation whose copy stands.
    static func tidy(_ request: Tidy) throws {
        for folder in request.folders where Inspection.exists(folder) {
            let root = try PoolRoot(folder, allowedRoots: [folder])
            try root.removeSetAside(operation: request.operation)
            for path in request.files where path.hasPrefix(folder + "/") {
                try root.unmark(try FileName(String(path.dropFirst(folder.count + 1))))
            }
            try root.removeJournals(operation: request.operation)
        }
    }

    /// Removes a published file if it is still the one that the operation made.
    private static func remove(_ published: Sweep.Published, in root: PoolRoot, folder: String) throws -> Bool {
        let name = try FileName(String(published.path.dropFirst(folder.count + 1)))
        guard try root.exists(name) else { return false }
        var info = stat()
        guard lstat(published.path, &info) == 0, UInt64(info.st_dev) == published.identity.device,
            UInt64(info.st_ino) == published.identity.inode
        else { return false }
        try root.remove(name)
        return true
    }
}
