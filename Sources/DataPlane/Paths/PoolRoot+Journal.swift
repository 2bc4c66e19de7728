import CLinux
import Glibc

extension PoolRoot {
    /// Makes the journal of an unfinished file. An existing one is an error.
    func createJournal(operation: String, number: Int) throws -> OwnedDescriptor {
        let name = try FileName.journal(operation: operation, number: number)
        return try BeneathOpen.open(
            descriptor.raw, name.string, flags: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600,
            path: fullPath(name))
    }

    /// Opens the journal of an unfinished file; nil when there is none.
    func openJournal(operation: String, number: Int) throws -> OwnedDescriptor? {
        let name = try FileName.journal(operation: operation, number: number)
        guard try exists(name) else { return nil }
        return try BeneathOpen.openRegular(descriptor.raw, name.string, flags: O_RDWR, path: fullPath(name))
    }

    func journalPath(operation: String, number: Int) throws -> String {
        fullPath(try FileName.journal(operation: operation, number: number))
    }

    /// Removes the journal of one file, durably; one that isn't there is no error.
    public func removeJournal(operation: String, number: Int) throws {
        try remove(try FileName.journal(operation: operation, number: number))
    }

    /// Removes all journals of an operation.
    public func removeJournals(operation: String) throws {
        try removeAll(try ownFiles(of: operation, suffix: FileName.journalSuffix))
    }

    /// Removes an unfinished file and its journal; what isn't there is no error.
    func removeTemporary(operation: String, number: Int) throws {
        try remove(try FileName.temporary(operation: operation, number: number))
        try removeJournal(operation: operation, number: number)
    }

    /// Takes the mark off a finished file.
    public func unmark(_ name: FileName) throws {
        guard try exists(name) else { return }
        let file = try BeneathOpen.openRegular(descriptor.raw, name.string, flags: O_RDWR, path: fullPath(name))
        IdentityToken.remove(from: file.raw)
    }

    /// Gives a finished file its unfinished name back if it carries the token. False when it isn't there, or another one.
    func takeBack(_ name: FileName, token: IdentityToken, operation: String, number: Int) throws -> Bool {
        guard try exists(name) else { return false }
        let file = try BeneathOpen.openRegular(descriptor.raw, name.string, flags: O_RDWR, path: fullPath(name))
        guard try IdentityToken.of(file.raw, path: fullPath(name)) == token else { return false }
        let temporary = try FileName.temporary(operation: operation, number: number)
        guard kc_rename_noreplace(descriptor.raw, name.string, descriptor.raw, temporary.string) == 0 else {
            throw PathError.system(operation: "rename", path: fullPath(name), errno: errno)
        }
        try sync()
        return true
    }

    /// Names of an operation's files with a number before that suffix.
    func ownFiles(of operation: String, suffix: String) throws -> [String] {
        let prefix = try FileName.temporaryPrefix(operation: operation)
        return try list().filter { name in
            name.hasPrefix(prefix) && name.hasSuffix(suffix)
                && Int(name.dropFirst(prefix.count).dropLast(suffix.count)) != nil
        }.sorted()
    }

    /// Removes files, durably.
    func removeAll(_ names: [String]) throws {
        for name in names where unlinkat(descriptor.raw, name, 0) != 0 && errno != ENOENT {
            throw PathError.system(operation: "remove", path: "\(path)/\(name)", errno: errno)
        }
        if !names.isEmpty { try sync() }
    }
}
