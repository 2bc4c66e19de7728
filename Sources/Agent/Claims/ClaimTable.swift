import AgentProtocol
import DataPlane
import FoundationEssentials
import Glibc
import Model
import Synchronization

/// Names that this agent holds against other coordinators' agents on the same machine, as locked files. The kernel
/// gives the locks back when the agent ends, however it ends; the records in the files stay.
final class ClaimTable: Sendable {
    private struct Held {
        var subject: Claim.Subject
        var operation: String
        var descriptor: Int32
    }

    private struct State {
        var held: [Held] = []
        /// The highest run of operations that have given their claims back. A request of such a run that comes later was
        /// cancelled.
        var released: [String: Int] = [:]
    }

    private let folder: String
    private let state = Mutex(State())

    init(folder: String) {
        self.folder = folder
    }

    /// Takes a claim. Throws exit code 75 when another operation holds it or has left something under it, and when the
    /// same operation went on elsewhere since.
    func take(_ claim: Claim) throws(KVMCloneError) {
        let (key, what) = try Self.key(of: claim.subject)
        try ClaimFolder.make(folder)
        let path = "\(folder)/\(key)"
        guard let descriptor = try Self.lockPatiently(path) else {
            throw KVMCloneError(
                .clone, "\(what) is being worked on by operation \(Self.holder(of: path) ?? "of another coordinator")",
                whatToDo: "wait until that has ended, and try again", exitCode: .tryAgain)
        }
        let record = ClaimRecord.read(descriptor)
        do throws(KVMCloneError) {
            if case .target = claim.subject, let record { try Self.check(claim, against: record, what) }
            try ClaimRecord(operation: claim.operation, fence: claim.fence).write(to: descriptor, path: path)
        } catch {
            Self.unlock(descriptor)
            throw error
        }
        let isLate = state.withLock { state in
            guard claim.fence > state.released[claim.operation, default: 0] else { return true }
            state.held.append(Held(subject: claim.subject, operation: claim.operation, descriptor: descriptor))
            return false
        }
        guard isLate else { return }
        // As it was found.
        if let record { try? record.write(to: descriptor, path: path) } else { ClaimRecord.remove(from: descriptor) }
        Self.unlock(descriptor)
        throw KVMCloneError(.cancelled, "the operation has given its claims back")
    }

    /// Throws unless this agent holds the claim.
    func confirm(_ subject: Claim.Subject, operation: String) throws(KVMCloneError) {
        let isHeld = state.withLock { $0.held.contains { $0.subject == subject && $0.operation == operation } }
        guard isHeld else {
            throw KVMCloneError(
                .connection, "the claim of operation \(Validation.printable(operation)) is lost with its agent",
                whatToDo: "go on with kvm-clone op resume \(Validation.printable(operation))")
        }
    }

    /// Gives back what an operation has claimed, here or with an agent that is gone.
    func release(_ request: ReleaseClaims) {
        state.withLock { state in
            state.released[request.operation] = max(
                state.released[request.operation, default: 0], request.fence)
        }
        release(keepsRecords: request.keepsRecords) { $0.operation == request.operation }
        if !request.keepsRecords { removeRecords(of: request.operation) }
    }

    /// Gives everything back for the end of this agent; what operations have left stays theirs.
    func releaseAll() {
        release(keepsRecords: true) { _ in true }
    }

    private func release(keepsRecords: Bool, where isMeant: (Held) -> Bool) {
        let released = state.withLock { state in
            let released = state.held.filter(isMeant)
            state.held.removeAll(where: isMeant)
            return released
        }
        for claim in released {
            var keeps = keepsRecords
            // Who only reads leaves nothing that others have to mind.
            if case .source = claim.subject { keeps = false }
            if !keeps { ClaimRecord.remove(from: claim.descriptor) }
            Self.unlock(claim.descriptor)
        }
    }

    /// Removes the records that earlier agents of the operation have left.
    private func removeRecords(of operation: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasPrefix("target-") {
            guard let descriptor = try? Self.lock("\(folder)/\(name)", creating: false) else { continue }
            if ClaimRecord.read(descriptor)?.operation == operation { ClaimRecord.remove(from: descriptor) }
            Self.unlock(descriptor)
        }
    }

    private static func check(_ claim: Claim, against record: ClaimRecord, _ what: String) throws(KVMCloneError) {
        guard record.operation == claim.operation else {
            throw KVMCloneError(
                .clone, "\(what) belongs to operation \(record.operation), which was interrupted",
                whatToDo: "go on with it: kvm-clone op resume \(record.operation); or undo what it left: kvm-clone op "
                    + "cleanup \(record.operation)", exitCode: .tryAgain)
        }
        guard record.fence <= claim.fence else {
            throw KVMCloneError(
                .clone, "operation \(record.operation) went on elsewhere: its run \(record.fence) has \(what)",
                whatToDo: "leave it to that one; see kvm-clone op show \(record.operation)", exitCode: .tryAgain)
        }
    }

    /// Opens and locks a claim's file; nil when somebody else has it locked.
    private static func lock(_ path: String, creating: Bool) throws(KVMCloneError) -> Int32? {
        let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (creating ? O_CREAT : 0)
        let descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { throw ClaimFolder.unusable(path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let cause = errno
            close(descriptor)
            guard cause == EWOULDBLOCK else { throw ClaimFolder.unusable(path) }
            return nil
        }
        return descriptor
    }

    /// The same for one that is to be taken. A file that is locked without a record is just being taken or given back: that is
    /// waited for.
    private static func lockPatiently(_ path: String) throws(KVMCloneError) -> Int32? {
        let deadline = monotonicNanoseconds() + 2_000_000_000
        while true {
            if let descriptor = try lock(path, creating: true) { return descriptor }
            guard holder(of: path) == nil, monotonicNanoseconds() < deadline else { return nil }
            usleep(10_000)
        }
    }

    private static func unlock(_ descriptor: Int32) {
        // Unlocked first: a child process that is just being started has the descriptor too, for a moment.
        flock(descriptor, LOCK_UN)
        // The file stays: to remove it would let two agents lock different files of one name.
        close(descriptor)
    }

    /// The operation that has a claim; nil when its file doesn't say.
    private static func holder(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return ClaimRecord.read(descriptor)?.operation
    }

    private static func key(of subject: Claim.Subject) throws(KVMCloneError) -> (key: String, what: String) {
        switch subject {
        case .source(let uuid):
            guard uuid.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit || $0 == UInt8(ascii: "-") }),
                uuid.utf8.count == 36
            else { throw KVMCloneError(.validation, "'\(Validation.printable(uuid))' is no uuid") }
            return ("source-\(uuid.lowercased())", "the VM")
        case .target(let name):
            try Validation.vm(name)
            return ("target-\(name)", "VM name '\(name)'")
        }
    }
}
