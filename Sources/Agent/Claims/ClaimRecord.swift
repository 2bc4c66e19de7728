import Glibc
import Model

/// What a claim's file says: which operation works on the name, in which of its runs.
///
/// It outlives the agent. What an operation has left unfinished stands under its name until the operation releases it.
struct ClaimRecord: Equatable {
    private static let mark = "kvm-clone-claim-1"
    private static let mostBytes = 256

    var operation: String
    var fence: Int

    /// The record in an open file; nil when there is none, or none that can be read.
    static func read(_ descriptor: Int32) -> ClaimRecord? {
        var buffer = [UInt8](repeating: 0, count: mostBytes)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        let words = String(decoding: buffer.prefix(count), as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 3, words[0] == mark, let fence = Int(words[1]) else { return nil }
        return ClaimRecord(operation: Validation.printable(String(words[2])), fence: fence)
    }

    /// Replaces what the file says, durably.
    func write(to descriptor: Int32, path: String) throws(KVMCloneError) {
        let bytes = Array("\(Self.mark) \(fence) \(operation)\n".utf8)
        guard bytes.count <= Self.mostBytes, !operation.contains(where: \.isWhitespace) else {
            throw KVMCloneError(.validation, "'\(Validation.printable(operation))' is no operation")
        }
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count,
            fdatasync(descriptor) == 0
        else { throw ClaimFolder.unusable(path) }
    }

    /// Removes what the file says, durably.
    static func remove(from descriptor: Int32) {
        // What stays is refused to others, and told to them; nothing is lost by that.
        if ftruncate(descriptor, 0) == 0 { fdatasync(descriptor) }
    }
}
