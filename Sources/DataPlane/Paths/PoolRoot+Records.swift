import CLinux
import Glibc

extension PoolRoot {
    /// What a short file holds; nil when there is none. Throws for one of more than `limit` bytes, before it is read.
    public func read(_ name: FileName, limit: UInt64) throws -> [UInt8]? {
        guard try exists(name) else { return nil }
        let path = fullPath(name)
        let file = try BeneathOpen.openRegular(descriptor.raw, name.string, flags: O_RDONLY, path: path)
        let size = try FileIdentity.of(file.raw, path: path).fileSize
        guard size <= limit else {
            throw DiskError(.outOfRange, "read", path, detail: "it has \(size) bytes, more than \(limit)")
        }
        var bytes = [UInt8](repeating: 0, count: Int(size))
        try bytes.withUnsafeMutableBytes { try DescriptorIO.readAll(file.raw, into: $0, at: 0, path: path) }
        return bytes
    }

    /// Makes a short file hold these bytes, whatever it held: at every instant it is the old one or the new one. Durable.
    ///
    /// - Parameter number: of an unfinished file that the operation has no other use for.
    public func replace(_ name: FileName, with bytes: [UInt8], operation: String, number: Int) throws {
        // What an earlier try has left.
        try remove(try FileName.temporary(operation: operation, number: number))
        let file = try createTemporary(operation: operation, number: number)
        do {
            try bytes.withUnsafeBytes {
                try DescriptorIO.writeAll(file.descriptor.raw, $0, at: 0, path: file.path)
            }
            try file.publish(as: name, replacing: true)
        } catch {
            try file.discard()
            throw error
        }
    }

    /// Names of the files with that ending, sorted; what can't be a file's name of its own is left out.
    public func files(endingWith suffix: String) throws -> [FileName] {
        try list().filter { $0.hasSuffix(suffix) && $0 != suffix }.sorted().compactMap { try? FileName($0) }
    }

    /// Makes a file of the folder durable that another process has written.
    func flush(_ file: String) throws {
        let name = try FileName(String(file.dropFirst(path.count + 1)))
        let open = try BeneathOpen.openRegular(descriptor.raw, name.string, flags: O_RDWR, path: fullPath(name))
        guard fsync(open.raw) == 0 else { throw DiskError.system(errno, "flush", fullPath(name)) }
    }
}
