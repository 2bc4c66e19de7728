import CLinux
import Glibc

/// A thread of its own for work that blocks.
enum DetachedThread {
    private final class Box {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts it; returns 0, or the error number.
    static func start(name: String, _ body: @escaping @Sendable () -> Void) -> Int32 {
        let box = Unmanaged.passRetained(Box(name: name, body: body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 256 << 10)
        var thread = pthread_t()
        let result = pthread_create(
            &thread, &attributes,
            { argument in
                // Set by the call above.
                let box = Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue()
                kc_set_thread_name(String(box.name.prefix(15)))
                box.body()
                return nil
            }, box.toOpaque())
        if result != 0 { box.release() }
        return result
    }
}
