import Glibc
import Synchronization

/// A command that was started on a connection.
///
/// It goes on when this object is released; only the socket, if nobody took it, is closed then.
public final class RemoteProcess: Sendable {
    let record: ProcessRecord
    private let end: @Sendable () -> Void
    private let socket = Mutex<Int32?>(nil)

    init(record: ProcessRecord, end: @escaping @Sendable () -> Void) {
        self.record = record
        self.end = end
    }

    deinit {
        socket.withLock { if let descriptor = $0 { Glibc.close(descriptor) } }
    }

    func attach(socket descriptor: Int32) {
        socket.withLock { $0 = descriptor }
    }

    /// The socket that is joined to the command's stdin (what is written) and stdout (what is read).
    ///
    /// Blocking reads and writes on it are for threads. `shutdown(SHUT_WR)` gives the command end-of-file on
    /// stdin. Nil when it was taken before, or the command was started on a socket of the caller's.
    public func takeSocket() -> OwnedDescriptor? {
        let taken = socket.withLock { $0.take() }
        guard let taken else { return nil }
        return OwnedDescriptor(owning: taken)
    }

    /// Suspends until the command has ended and its output was handed over to the socket, so keep reading.
    /// Cancelling the waiting task terminates the command.
    public func waitForExit() async -> RemoteExit {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                record.observe { continuation.resume(returning: $0) }
            }
        } onCancel: {
            terminate()
        }
    }

    /// Asks the command to end: closes the channel, or sends SIGTERM, and SIGKILL after five seconds, to local
    /// processes. Returns at once.
    public func terminate() {
        end()
    }

    /// How it ended; nil while it runs.
    public var exitStatus: RemoteExit? { record.status }

    /// The last 64 KiB of stderr, invalid UTF-8 repaired.
    public var standardError: String { record.standardError }
}

/// What the connection's thread and the holder of a process share.
final class ProcessRecord: Sendable {
    private struct State {
        var status: RemoteExit?
        var observers: [@Sendable (RemoteExit) -> Void] = []
        var errors = Tail(limit: 64 << 10)
        var isToEnd = false
    }

    private let state = Mutex(State())

    var status: RemoteExit? { state.withLock { $0.status } }

    var standardError: String { state.withLock { String(decoding: $0.errors.bytes, as: UTF8.self) } }

    /// True when this side has asked for the end.
    var isToEnd: Bool { state.withLock { $0.isToEnd } }

    func noteTermination() { state.withLock { $0.isToEnd = true } }

    func appendError(_ bytes: UnsafeRawBufferPointer) {
        state.withLock { $0.errors.append(bytes) }
    }

    /// Calls `observer` once, now or when the process ends, on whatever thread that happens.
    func observe(_ observer: @escaping @Sendable (RemoteExit) -> Void) {
        let status = state.withLock { state in
            if state.status == nil { state.observers.append(observer) }
            return state.status
        }
        if let status { observer(status) }
    }

    /// The first call counts.
    func finish(_ status: RemoteExit) {
        let observers = state.withLock { state in
            guard state.status == nil else { return [@Sendable (RemoteExit) -> Void]() }
            state.status = status
            defer { state.observers = [] }
            return state.observers
        }
        for observer in observers { observer(status) }
    }
}

/// The last bytes of a stream. Memory stays below twice the limit.
struct Tail {
    let limit: Int
    private var stored: [UInt8] = []

    init(limit: Int) {
        self.limit = limit
    }

    var bytes: ArraySlice<UInt8> { stored.suffix(limit) }

    mutating func append(_ new: UnsafeRawBufferPointer) {
        stored.append(contentsOf: new.suffix(limit))
        if stored.count >= 2 * limit { stored = Array(stored.suffix(limit)) }
    }
}
