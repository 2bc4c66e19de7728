import CLinux
import Glibc
import Model

extension PoolRoot {
    /// What the names of files start with that an operation has set aside, before their own names.
    private static func setAsidePrefix(_ operation: String) throws(PathError) -> String {
        // The operation is checked here; the coordinator names such files in its advice.
        _ = try FileName.temporaryPrefix(operation: operation)
        return OperationFiles.setAside("", operation: operation)
    }

    /// Moves a file that is to be replaced out of the way, under a name from which it can be put back. One that isn't
    /// there is no error. Durable.
    public func setAside(_ name: FileName, operation: String) throws {
        try move(name.string, to: try Self.setAsidePrefix(operation) + name.string)
    }

    /// Puts back all files that an operation has set aside, unless something else has taken their names meanwhile.
    /// Returns the names that were put back.
    public func putBack(operation: String) throws -> [String] {
        let prefix = try Self.setAsidePrefix(operation)
        return try setAsideNames(operation: operation).filter { name in
            let original = try FileName(String(name.dropFirst(prefix.count)))
            guard try !exists(original) else { return false }
            try move(name, to: original.string)
            return true
        }.map { String($0.dropFirst(prefix.count)) }
    }

    /// Removes all files that an operation has set aside, for good.
    public func removeSetAside(operation: String) throws {
        let names = try setAsideNames(operation: operation)
        for name in names where unlinkat(descriptor.raw, name, 0) != 0 && errno != ENOENT {
            throw PathError.system(operation: "remove", path: "\(path)/\(name)", errno: errno)
        }
        if !names.isEmpty { try sync() }
    }

    private func setAsideNames(operation: String) throws -> [String] {
        let prefix = try Self.setAsidePrefix(operation)
        return try list().filter { $0.hasPrefix(prefix) && $0 != prefix }.sorted()
    }

    private func move(_ old: String, to new: String) throws {
        guard kc_rename_noreplace(descriptor.raw, old, descriptor.raw, new) == 0 else {
            if errno == ENOENT { return }
            throw PathError.system(operation: "rename", path: "\(path)/\(old)", errno: errno)
        }
        try sync()
    }
}
