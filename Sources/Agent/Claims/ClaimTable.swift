import AgentProtocol
import Glibc
import Model
import Synchronization

/// Names that this agent holds against other coordinators' agents on the same machine, as locked files. The kernel
/// gives the locks back when the agent ends, however it ends.
final class ClaimTable: Sendable {
    private struct Held {
        var operation: String
        var descriptor: Int32
    }

    private let folder: String
    private struct State {
        var held: [Held] = []
        /// Operations that have given their claims back. A request of theirs that comes later was cancelled.
        var released: Set<String> = []
    }

    private let state = Mutex(State())

    init(folder: String) {
        self.folder = folder
    }

    /// Takes a claim, or throws exit code 75 when another operation holds it.
    func take(_ claim: Claim) throws(KVMCloneError) {
        let (key, what) = try Self.key(of: claim.subject)
        try ClaimFolder.make(folder)
        let path = "\(folder)/\(key)"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw ClaimFolder.unusable(path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let cause = errno
            let holder = Self.read(descriptor)
            close(descriptor)
            guard cause == EWOULDBLOCK else { throw ClaimFolder.unusable(path) }
            throw KVMCloneError(
                .clone, "\(what) is being worked on by operation \(holder)",
                whatToDo: "wait until that has ended, and try again", exitCode: .tryAgain)
        }
        Self.write(claim.operation, to: descriptor)
        let isLate = state.withLock { state in
            guard !state.released.contains(claim.operation) else { return true }
            state.held.append(Held(operation: claim.operation, descriptor: descriptor))
            return false
        }
        guard isLate else { return }
        close(descriptor)
        throw KVMCloneError(.cancelled, "the operation has given its claims back")
    }

    func release(operation: String) {
        state.withLock { _ = $0.released.insert(operation) }
        release { $0.operation == operation }
    }

    func releaseAll() {
        release { _ in true }
    }

    private func release(where isMeant: (Held) -> Bool) {
        let released = state.withLock { state in
            let released = state.held.filter(isMeant)
            state.held.removeAll(where: isMeant)
            return released
        }
        for claim in released {
            // Unlocked first: a child process that is just being started has the descriptor too, for a moment.
            flock(claim.descriptor, LOCK_UN)
            // The file stays: to remove it would let two agents lock different files of one name.
            close(claim.descriptor)
        }
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

    private static func read(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return "of another coordinator" }
        return Validation.printable(String(decoding: buffer.prefix(count), as: UTF8.self))
    }

    private static func write(_ operation: String, to descriptor: Int32) {
        let bytes = Array(operation.utf8)
        // The holder's name is for messages only; the lock is what counts.
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, bytes, bytes.count, 0) }
    }
}
