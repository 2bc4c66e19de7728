import CLinux
import Glibc

/// An OS thread of our own, for blocking work.
struct WorkerThread: Sendable {
    private let handle: pthread_t

    private final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts a thread that runs `body`; its name (at most 15 bytes) is what `top -H` shows. Join it.
    init(name: String, _ body: @escaping @Sendable () -> Void) throws(NetworkError) {
        let start = Unmanaged.passRetained(Start(name, body))
        var handle = pthread_t()
        let code = pthread_create(
            &handle, nil,
            { raw in
                guard let raw else { return nil }
                let start = Unmanaged<Start>.fromOpaque(raw).takeRetainedValue()
                kc_set_thread_name(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw NetworkError("start a thread", code)
        }
        self.handle = handle
    }

    /// Waits for the thread's end. Call it once.
    func join() { pthread_join(handle, nil) }
}
