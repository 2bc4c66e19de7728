/// The head of a resume journal: which disk it is for, and which file.
struct JournalHeader {
    private static let magic = Array("kvm-clone resume1".utf8)
    private static let mostBytes = 1024

    var subject: ResumeJournal.Subject
    var token: IdentityToken

    /// Its length, its content and a check.
    var encoded: [UInt8] {
        var content = Self.magic + token.bytes
        content += UInt32(subject.number).littleEndianBytes + subject.size.littleEndianBytes
        for field in [Array(subject.operation.utf8), Array(subject.format.utf8), subject.generation] {
            content += UInt16(field.count).littleEndianBytes + field
        }
        return UInt32(content.count).littleEndianBytes + CheckedBytes.seal(content, after: [])
    }

    /// The header at the start of a journal, and its length; nil when that isn't one.
    static func decode(_ bytes: [UInt8]) -> (header: JournalHeader, length: Int)? {
        guard bytes.count >= 4 else { return nil }
        let count = Int(UInt32(littleEndianBytes: bytes.prefix(4)))
        let length = 4 + count + CheckedBytes.checkSize
        guard count <= mostBytes, bytes.count >= length,
            let content = CheckedBytes.open(bytes[4..<length], after: []), content.starts(with: magic)
        else { return nil }
        var rest = content[magic.count...]
        func take(_ count: Int) -> ArraySlice<UInt8>? {
            guard rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
        func field() -> ArraySlice<UInt8>? { take(2).flatMap { take(Int(UInt16(littleEndianBytes: $0))) } }
        guard let token = take(IdentityToken.size).flatMap({ IdentityToken($0) }), let number = take(4),
            let size = take(8), let operation = field(), let format = field(), let generation = field(), rest.isEmpty
        else { return nil }
        let subject = ResumeJournal.Subject(
            operation: String(decoding: operation, as: UTF8.self), number: Int(UInt32(littleEndianBytes: number)),
            size: UInt64(littleEndianBytes: size), format: String(decoding: format, as: UTF8.self),
            generation: Array(generation))
        return (JournalHeader(subject: subject, token: token), length)
    }

    /// What each record's check goes on from.
    static func seal(of header: some Collection<UInt8>) -> [UInt8] { Array(header.suffix(CheckedBytes.checkSize)) }
}
