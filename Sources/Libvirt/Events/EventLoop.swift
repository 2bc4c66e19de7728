import CLibvirt
import Glibc

/// libvirt's default event loop, on a thread of its own for as long as the process lives.
///
/// Keep-alive, close notices and domain events come from it. It must run before the first connection opens.
enum EventLoop {
    /// Starts the loop on first use. Throws what libvirt said when that failed, then and later.
    static func start() throws(LibvirtError) {
        try started.get()
    }

    private static let started: Result<Void, LibvirtError> = {
        // The library would print each error to the standard error stream. It is thrown instead.
        virSetErrorFunc(nil) { _, _ in }
        ignoreBrokenPipes()
        guard virInitialize() == 0 else { return .failure(.last("virInitialize")) }
        guard virEventRegisterDefaultImpl() == 0 else { return .failure(.last("virEventRegisterDefaultImpl")) }
        HelperThread.run(name: "libvirt-events") {
            while true {
                // A failed turn has lost nothing; the pause keeps a lasting failure from spinning.
                if virEventRunDefaultImpl() < 0 { usleep(10_000) }
            }
        }
        return .success(())
    }()

    /// libvirt writes to its socket with `write`: without this a daemon that dies would take the process along. A
    /// handler that the process has set stays.
    private static func ignoreBrokenPipes() {
        var action = sigaction()
        guard sigaction(SIGPIPE, nil, &action) == 0, action.__sigaction_handler.sa_handler == nil else { return }
        signal(SIGPIPE, SIG_IGN)
    }
}
