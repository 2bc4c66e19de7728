import FoundationEssentials
import Glibc
import Model
import Synchronization

/// A log file that is renamed to `.1`, `.2`, … when it has grown to its limit. One process writes it; another one that
/// logs to the same path appends to it, and whole lines stay whole.
public final class RotatingFile: Sendable {
    private struct State {
        var descriptor: Int32
        var size: UInt64
        var hasFailed = false
    }

    private let path: String
    private let limit: UInt64
    private let backups: Int
    private let state: Mutex<State>

    /// Opens or creates the file, and its folder, for its owner alone. At most `limit` bytes stay in one file, and
    /// `backups` older files are kept.
    public init(path: String, limit: UInt64, backups: Int) throws(KVMCloneError) {
        self.path = path
        self.limit = max(limit, 4096)
        self.backups = max(0, backups)
        do {
            try Folders.create(Folders.parent(of: path))
            let (descriptor, size) = try Self.open(path)
            state = Mutex(State(descriptor: descriptor, size: size))
        } catch {
            throw KVMCloneError(
                .configuration, "can't write the log file '\(Validation.printable(path))'", cause: error.description,
                whatToDo: "set logging.file to a path that you can write to, or unset it", field: "logging.file")
        }
    }

    /// Adds a line; blocks as the file's medium does. Returns what to tell the reader when writing fails for the
    /// first time, nil otherwise.
    func append(_ line: String) -> String? {
        state.withLock { state in
            do {
                if state.size > 0, state.size + UInt64(line.utf8.count) > limit { try rotate(&state) }
                try FileDescriptorWriter.write(Array(line.utf8), to: state.descriptor)
                state.size += UInt64(line.utf8.count)
                return nil
            } catch {
                defer { state.hasFailed = true }
                return state.hasFailed ? nil : "can't write to the log file \(path): \(error)"
            }
        }
    }

    deinit { state.withLock { _ = close($0.descriptor) } }

    private func rotate(_ state: inout State) throws {
        if backups == 0 {
            guard ftruncate(state.descriptor, 0) == 0 else { throw SystemError(number: errno) }
            state.size = 0
            return
        }
        for number in stride(from: backups - 1, through: 1, by: -1) {
            // An older file may be missing; then there is nothing to move.
            rename("\(path).\(number)", "\(path).\(number + 1)")
        }
        guard rename(path, "\(path).1") == 0 else { throw SystemError(number: errno) }
        let (descriptor, size) = try Self.open(path)
        close(state.descriptor)
        state.descriptor = descriptor
        state.size = size
    }

    private static func open(_ path: String) throws(SystemError) -> (Int32, UInt64) {
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError(number: errno) }
        return (descriptor, UInt64(max(0, lseek(descriptor, 0, SEEK_END))))
    }
}
