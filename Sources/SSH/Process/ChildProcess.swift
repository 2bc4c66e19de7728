import CLinux
import Glibc
import Synchronization

/// A long-lived child process. A thread of its own starts it, reads its stderr and reaps it.
final class ChildProcess: Sendable {
    /// What to start. `input` and `output` are borrowed while it starts.
    struct Launch: Sendable {
        var arguments: [String]
        var environment: [String: String]
        var input: Int32
        var output: Int32
        /// Killed when this process ends, however that happens.
        var endsWithUs = false
    }

    let record: ProcessRecord
    private let endRequested: WakeEvent

    private init(record: ProcessRecord, endRequested: WakeEvent) {
        self.record = record
        self.endRequested = endRequested
    }

    /// Suspends until the program runs. `classify` may turn how it ended into what that means; it runs on the
    /// child's thread and may block.
    static func start(
        _ launch: Launch,
        classify: @escaping @Sendable (RemoteExit, ProcessRecord) -> RemoteExit = { status, _ in status }
    ) async throws(SSHError) -> ChildProcess {
        let child = ChildProcess(record: ProcessRecord(), endRequested: try WakeEvent())
        let result: Result<Void, SSHError> = await withCheckedContinuation { continuation in
            do throws(SSHError) {
                try startThread("child") {
                    let started = Result { () throws(SSHError) in try child.begin(launch) }
                    continuation.resume(returning: started.map { _ in })
                    guard case .success(let begun) = started else { return }
                    let status = child.watch(begun)
                    child.record.finish(classify(status, child.record))
                }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        try result.get()
        return child
    }

    /// SIGTERM to its process group, and SIGKILL five seconds later.
    func terminate() {
        record.noteTermination()
        endRequested.signal()
    }

    private struct Begun {
        let pid: pid_t
        let pidDescriptor: Int32
        let errors: Int32
    }

    private func begin(_ launch: Launch) throws(SSHError) -> Begun {
        let errors = try makePipe()
        defer { close(errors.write) }
        do throws(SSHError) {
            let pid = try spawn(
                launch.arguments, environment: launch.environment, input: launch.input, output: launch.output,
                errors: errors.write, endsWithThread: launch.endsWithUs)
            let descriptor = kc_pidfd_open(pid)
            guard descriptor >= 0 else {
                let reason = errnoText()
                kill(pid, SIGKILL)
                while waitpid(pid, nil, 0) < 0, errno == EINTR {}
                throw SSHError.process("pidfd_open: \(reason)")
            }
            setNonBlocking(errors.read)
            return Begun(pid: pid, pidDescriptor: descriptor, errors: errors.read)
        } catch {
            close(errors.read)
            throw error
        }
    }

    /// Until the process has ended. What its own children still write to stderr later isn't kept.
    private func watch(_ begun: Begun) -> RemoteExit {
        defer {
            close(begun.pidDescriptor)
            close(begun.errors)
        }
        var errors = begun.errors
        var wake = endRequested.descriptor
        var killAt: ContinuousClock.Instant?
        while true {
            var descriptors = [begun.pidDescriptor, errors, wake].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            let ready = pollDescriptors(&descriptors, until: killAt)
            if descriptors[1].revents != 0, !drain(errors) { errors = -1 }
            if descriptors[0].revents != 0 { break }
            if descriptors[2].revents != 0 {
                kill(-begun.pid, SIGTERM)
                wake = -1
                killAt = .now + .seconds(5)
            } else if ready == 0, killAt != nil {
                kill(-begun.pid, SIGKILL)
                killAt = nil
            }
        }
        if errors >= 0 { _ = drain(errors) }
        var status: Int32 = 0
        while waitpid(begun.pid, &status, 0) < 0, errno == EINTR {}
        return .fromWaitStatus(status)
    }

    /// Reads what is there; false at end-of-file.
    private func drain(_ descriptor: Int32) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 1) { buffer in
            // A bounded number of rounds, so that a flood of messages can't keep the end of the process unseen.
            for _ in 0..<64 {
                let count = read(descriptor, buffer.baseAddress, buffer.count)
                if count > 0 {
                    record.appendError(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                } else {
                    return count < 0 && (errno == EAGAIN || errno == EINTR)
                }
            }
            return true
        }
    }
}
