import Glibc
import Synchronization

/// What is durable of a disk that is being received, in a file beside its partial file.
///
/// A header says which disk it is for; records follow, each with whole units that were flushed before the record was
/// written, and each flushed before it is told. A record that isn't whole ends the reading and is cut off. So what it says
/// is there is there, whatever was killed or lost its power.
public final class ResumeJournal: Sendable {
    /// Which disk, in which state of its source, a journal is for.
    public struct Subject: Sendable, Equatable {
        /// The operation's id.
        public var operation: String
        /// The file's number within the operation on this host.
        public var number: Int
        /// Bytes of the disk.
        public var size: UInt64
        /// Format of the file, such as `raw`.
        public var format: String
        /// Which state of the source; opaque, at most 64 bytes.
        public var generation: [UInt8]

        /// A subject with all its parts.
        public init(operation: String, number: Int, size: UInt64, format: String, generation: [UInt8]) {
            self.operation = operation
            self.number = number
            self.size = size
            self.format = format
            self.generation = generation
        }
    }

    /// Bytes that a journal has at most; a disk of 64 TiB needs less.
    private static let mostBytes = 64 << 20

    private let descriptor: OwnedDescriptor
    private let seal: [UInt8]
    private let path: String
    private let size: UInt64
    private let state: Mutex<State>

    private struct State {
        var end: UInt64
        /// After a failed write or flush nothing is certain any more.
        var failure: DiskError?
    }

    private init(_ descriptor: consuming OwnedDescriptor, seal: [UInt8], path: String, size: UInt64, end: UInt64) {
        self.size = size
        self.descriptor = descriptor
        self.seal = seal
        self.path = path
        state = Mutex(State(end: end))
    }

    /// Begins the journal of a new, empty file, which it marks. Durable when it returns. Blocks.
    public static func create(for file: TemporaryFile, _ subject: Subject, in root: PoolRoot) throws -> ResumeJournal {
        let token = try IdentityToken.mark(file.descriptor.raw, path: file.path)
        let descriptor = try root.createJournal(operation: subject.operation, number: subject.number)
        let path = try root.journalPath(operation: subject.operation, number: subject.number)
        let header = JournalHeader(subject: subject, token: token).encoded
        let raw = descriptor.raw
        try header.withUnsafeBytes { try DescriptorIO.writeAll(raw, $0, at: 0, path: path) }
        // The mark is an attribute: fsync and not fdatasync.
        guard fsync(file.descriptor.raw) == 0, fsync(raw) == 0 else { throw DiskError.system(errno, "flush", path) }
        try root.sync()
        return ResumeJournal(
            descriptor, seal: JournalHeader.seal(of: header), path: path, size: subject.size, end: UInt64(header.count))
    }

    /// Opens the journal of an earlier run and reads what is durable. Nil when there is none; throws `ResumeRefusal` when it
    /// is damaged. Whose it is, is not looked at. Blocks.
    static func open(operation: String, number: Int, in root: PoolRoot) throws -> Opened? {
        guard let descriptor = try root.openJournal(operation: operation, number: number) else { return nil }
        let path = try root.journalPath(operation: operation, number: number)
        let raw = descriptor.raw
        let identity = try FileIdentity.of(raw, path: path)
        guard identity.fileSize <= UInt64(mostBytes) else { throw ResumeRefusal.damaged }
        var bytes = [UInt8](repeating: 0, count: Int(identity.fileSize))
        try bytes.withUnsafeMutableBytes { try DescriptorIO.readAll(raw, into: $0, at: 0, path: path) }
        guard let (header, length) = JournalHeader.decode(bytes) else { throw ResumeRefusal.damaged }
        let size = header.subject.size
        let seal = JournalHeader.seal(of: bytes.prefix(length))
        let (ranges, end) = JournalRecord.readAll(bytes[length...], seal: seal, size: size)
        // What follows was never told to anybody.
        guard ftruncate(raw, off_t(end)) == 0 else { throw DiskError.system(errno, "shorten", path) }
        let journal = ResumeJournal(descriptor, seal: seal, path: path, size: size, end: UInt64(end))
        return Opened(
            journal: journal, subject: header.subject, token: header.token, durable: try LeafRanges(ranges, size: size))
    }

    struct Opened {
        var journal: ResumeJournal
        var subject: Subject
        var token: IdentityToken
        var durable: LeafRanges
    }

    /// Writes down that some units are durable. They are when it returns. Blocks.
    ///
    /// - Parameter ranges: whole units, the last perhaps the disk's partial one, in any order.
    func append(_ ranges: [Range<UInt64>]) throws { try append(ranges, .durable) }

    /// Writes down, before a file's first bytes are changed in place, that what was sent of them will be there no more.
    /// Durable when it returns. Blocks.
    public func revokeBeginning() throws { try append([0..<min(Geometry.unit64, size)], .revoked) }

    private func append(_ ranges: [Range<UInt64>], _ kind: JournalRecord.Kind) throws {
        guard !ranges.isEmpty else { return }
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            do {
                for record in JournalRecord.encode(ranges, kind, seal: seal) {
                    try record.withUnsafeBytes {
                        try DescriptorIO.writeAll(descriptor.raw, $0, at: state.end, path: path)
                    }
                    state.end += UInt64(record.count)
                }
                guard fdatasync(descriptor.raw) == 0 else { throw DiskError.system(errno, "flush", path) }
            } catch {
                state.failure = error as? DiskError ?? DiskError(.system, "write", path, detail: "\(error)")
                throw error
            }
        }
    }
}

/// Why what an earlier run has left can't be used.
public enum ResumeRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// The journal can't be read.
    case damaged
    /// It is for something else.
    case otherOperation, otherDisk, otherGeneration, otherFile
    /// The partial file isn't there as it was.
    case fileMissing, fileShort
    /// There is a partial file, but no journal.
    case journalMissing

    /// For people, after "it is copied from its beginning: ".
    public var description: String {
        switch self {
        case .damaged: "the journal of what is there is damaged"
        case .otherOperation: "what is there belongs to another operation"
        case .otherDisk: "what is there belongs to another disk"
        case .otherGeneration: "the source has changed since"
        case .otherFile: "the partial file is not the one that its journal was written for"
        case .fileMissing: "the partial file is gone"
        case .fileShort: "the partial file has lost its end"
        case .journalMissing: "nothing tells what of the partial file is durable"
        }
    }
}

extension ResumeJournal.Subject {
    /// The first difference that makes a journal useless; nil when there is none.
    func difference(to wanted: ResumeJournal.Subject) -> ResumeRefusal? {
        if operation != wanted.operation { return .otherOperation }
        if number != wanted.number || format != wanted.format { return .otherDisk }
        if generation != wanted.generation || size != wanted.size { return .otherGeneration }
        return nil
    }
}
