import CLibvirt
import Glibc

/// Threads for calls that block and whose caller must not.
enum HelperThread {
    /// Runs `body` once on a new thread; on the caller's, blocking it, where the system grants no thread.
    static func run(name: StaticString, _ body: @escaping @Sendable () -> Void) {
        let work = Unmanaged.passRetained(Work(name: name, body: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                pthread_detach(pthread_self())
                work.name.withUTF8Buffer { bytes in
                    bytes.withMemoryRebound(to: CChar.self) { kc_name_thread($0.baseAddress) }
                }
                work.body()
                return nil
            }, work.toOpaque())
        if status != 0 {
            work.release()
            body()
        }
    }

    private final class Work: Sendable {
        let name: StaticString
        let body: @Sendable () -> Void

        init(name: StaticString, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}
