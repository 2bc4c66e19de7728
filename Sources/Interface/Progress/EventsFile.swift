import Dispatch
import Glibc
import Model
import Synchronization

/// A file that events are written to as they come.
public final class EventsFile: Sendable {
    private let queue = DispatchQueue(label: "events")
    private let descriptor: Int32
    private let path: String
    private let onError: @Sendable (String) -> Void
    private let isBroken = Mutex(false)

    /// Creates or empties the file at `path`, readable by its owner's group as the umask says. `onError` is told once
    /// when writing fails; the operation itself goes on.
    public init(path: String, onError: @escaping @Sendable (String) -> Void) throws(KVMCloneError) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw KVMCloneError(
                .invalidPath, "can't write events to '\(Validation.printable(path))'",
                cause: String(cString: strerror(errno)), whatToDo: "name a file in a folder that you can write to",
                field: "events_file")
        }
        self.path = path
        self.onError = onError
    }

    /// Adds `text`. Doesn't block.
    public func append(_ text: String) {
        guard !text.isEmpty else { return }
        queue.async {
            guard !self.isBroken.withLock({ $0 }) else { return }
            do {
                try FileDescriptorWriter.write(Array(text.utf8), to: self.descriptor)
            } catch {
                self.isBroken.withLock { $0 = true }
                self.onError("events are no longer written to \(self.path): \(error)")
            }
        }
    }

    /// Waits until everything is written. Blocks for as long as the file's medium does.
    public func close() { queue.sync {} }

    deinit { Glibc.close(descriptor) }
}
