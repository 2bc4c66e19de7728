import Dispatch
import Glibc
import Interface
import Synchronization

/// The end of the pipe that the signal handler writes to; -1 before there is one. A handler may touch nothing that
/// takes a lock.
private let pipeEnd = Atomic<Int32>(-1)

private let handler: @convention(c) (Int32) -> Void = { number in
    let saved = errno
    var byte = UInt8(truncatingIfNeeded: number)
    // A full pipe holds enough signals already.
    _ = write(pipeEnd.load(ordering: .relaxed), &byte, 1)
    errno = saved
}

private let nothing: @convention(c) (Int32) -> Void = { _ in }

/// Stops the command on the first SIGINT or SIGTERM, so that it can clean up, and ends the process on the second; a command
/// that keeps what it has done when it is stopped undoes that on the second, and ends on the third.
final class SignalWatch: Sendable {
    /// The watch of the command that runs.
    @TaskLocal static var current: SignalWatch?

    private struct State {
        var signals: [Int32] = []
        var undo: (@Sendable () -> Void)?
    }

    private let console: Console
    private let state = Mutex(State())

    init(console: Console) { self.console = console }

    /// The first signal that came, if any.
    var received: Int32? { state.withLock { $0.signals.first } }

    /// Lets writes to a closed pipe fail with EPIPE. A handler and not SIG_IGN, which child processes would inherit.
    static func ignoreClosedPipes() { signal(SIGPIPE, nothing) }

    /// What the second signal does from now on; nil: it ends the process.
    func onSecond(_ undo: (@Sendable () -> Void)?) {
        state.withLock { $0.undo = undo }
    }

    /// Installs the handlers, for the rest of the process's life.
    func start(onStop: @escaping @Sendable () -> Void) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            // Without a pipe signals end the process at once, as they do by default.
            console.print("kvm-clone: can't watch for signals: \(String(cString: strerror(errno)))\n")
            return
        }
        let reader = ends[0]
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        pipeEnd.store(ends[1], ordering: .relaxed)
        for number in [SIGINT, SIGTERM] { signal(number, handler) }
        DispatchQueue(label: "signals").async { self.watch(reader, onStop) }
    }

    private func watch(_ reader: Int32, _ onStop: () -> Void) {
        while true {
            var byte: UInt8 = 0
            let count = read(reader, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { return }
            let number = Int32(byte)
            let (place, undo) = state.withLock { state in
                state.signals.append(number)
                return (state.signals.count, state.undo)
            }
            switch (place, undo) {
            case (1, nil):
                console.print("kvm-clone: stopping; again to abort\n")
                onStop()
            case (1, _):
                console.print("kvm-clone: stopping, what is copied is kept; again to undo it\n")
                onStop()
            case (2, let undo?):
                console.print("kvm-clone: undoing what is not complete; again to abort\n")
                undo()
            default: _exit(128 + number)
            }
        }
    }
}
