import FoundationEssentials
import Glibc
import Synchronization

/// The digests of a source disk's units, kept beside the agent, so that a later run of the same operation need not read
/// what it doesn't send. Nothing depends on it: what it lacks is read again.
///
/// A header binds it to one state of one disk; each record carries a check over the header's check and itself. Reading
/// stops at the first record that isn't whole. Nothing is flushed.
public final class UnitDigestLog: Sendable {
    private static let magic = Array("kvm-clone units1".utf8)
    private static let recordSize = 8 + Digest256.size + CheckedBytes.checkSize
    /// Units of a disk of 64 TiB.
    private static let mostUnits = 4 << 20

    /// What was known when it was opened, by unit.
    public let known: [UInt64: Digest256]
    private let descriptor: OwnedDescriptor
    private let seal: [UInt8]
    private let path: String
    private let end: Mutex<UInt64>

    /// Opens the log of a disk, or makes it. What another generation of the disk has left is dropped. Blocks.
    public init(path: String, generation: [UInt8], size: UInt64) throws {
        let raw = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard raw >= 0 else { throw DiskError.system(errno, "open", path) }
        descriptor = OwnedDescriptor(owning: raw)
        self.path = path
        let header = CheckedBytes.seal(Self.magic + size.littleEndianBytes + generation, after: [])
        seal = Array(header.suffix(CheckedBytes.checkSize))
        let units = Geometry.units(in: size)
        guard let bytes = try Self.contents(raw, path, atMost: header.count + Int(units) * 2 * Self.recordSize),
            bytes.starts(with: header)
        else {
            guard ftruncate(raw, 0) == 0 else { throw DiskError.system(errno, "empty", path) }
            try header.withUnsafeBytes { try DescriptorIO.writeAll(raw, $0, at: 0, path: path) }
            known = [:]
            end = Mutex(UInt64(header.count))
            return
        }
        var known: [UInt64: Digest256] = [:]
        var at = header.count
        while at + Self.recordSize <= bytes.count, known.count <= Self.mostUnits {
            let record = bytes[at..<(at + Self.recordSize)]
            guard let content = CheckedBytes.open(record, after: seal) else { break }
            let unit = UInt64(littleEndianBytes: content.prefix(8))
            guard unit < units, let digest = Digest256(content.dropFirst(8)) else { break }
            known[unit] = digest
            at += Self.recordSize
        }
        self.known = known
        end = Mutex(UInt64(at))
    }

    /// Adds what was found of one unit. From any thread.
    func add(unit: UInt64, _ digest: Digest256) throws {
        guard known[unit] != digest else { return }
        let record = CheckedBytes.seal(unit.littleEndianBytes + digest.bytes, after: seal)
        let at = end.withLock { end in
            defer { end += UInt64(record.count) }
            return end
        }
        try record.withUnsafeBytes { try DescriptorIO.writeAll(descriptor.raw, $0, at: at, path: path) }
    }

    /// All of a file; nil when there is more than that.
    private static func contents(_ raw: Int32, _ path: String, atMost limit: Int) throws -> [UInt8]? {
        var info = stat()
        guard fstat(raw, &info) == 0 else { throw DiskError.system(errno, "look at", path) }
        guard info.st_size <= limit else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(info.st_size))
        try bytes.withUnsafeMutableBytes { try DescriptorIO.readAll(raw, into: $0, at: 0, path: path) }
        return bytes
    }
}
