import AgentProtocol
import CLinux
import DataPlane
import Glibc
import Model
import Synchronization

/// The agent's end of a backup's guard.
final class GuardProcess: Sendable {
    private let process: pid_t
    private let ends: Mutex<(input: Int32, output: Int32)?>

    /// Starts this same program as a guard.
    init(_ backup: BackupIdentity) throws(KVMCloneError) {
        var near: [Int32] = [-1, -1]
        var far: [Int32] = [-1, -1]
        guard kc_pipe(&near) == 0 else { throw Self.failure(errno) }
        guard kc_pipe(&far) == 0 else {
            let cause = errno
            for descriptor in near { close(descriptor) }
            throw Self.failure(cause)
        }
        process = Self.spawn("/proc/self/exe", BackupGuard.arguments(for: backup), input: near[0], output: far[1])
        let cause = errno
        close(near[0])
        close(far[1])
        guard process > 0 else {
            close(near[1])
            close(far[0])
            throw Self.failure(cause)
        }
        ends = Mutex((near[1], far[0]))
    }

    deinit { lose() }

    /// Tells the guard something and waits for its answer. Throws when it is gone, or could not do it. Blocks.
    func tell(_ order: GuardState.Order, seconds: Int = 5) throws(KVMCloneError) {
        let answer = ends.withLock { ends -> String? in
            guard let ends else { return nil }
            let line = Array(order.line.utf8)
            guard write(ends.input, line, line.count) == line.count else { return nil }
            return Self.readLine(ends.output, seconds: seconds)
        }
        guard let answer else {
            throw KVMCloneError(.libvirt, "the guard of the backup is gone", whatToDo: "run the command again")
        }
        guard answer == "ok" else { throw KVMCloneError(.libvirt, "the backup's guard can't do it", cause: answer) }
    }

    /// Lets go of it: it ends the backup by itself.
    func lose() {
        let ends = ends.withLock { ends in
            defer { ends = nil }
            return ends
        }
        guard let ends else { return }
        close(ends.input)
        close(ends.output)
        // One that has ended is reaped here; another one with this agent.
        waitpid(process, nil, WNOHANG)
    }

    private static func readLine(_ descriptor: Int32, seconds: Int) -> String? {
        let deadline = monotonicNanoseconds() + UInt64(seconds) * 1_000_000_000
        var line: [UInt8] = []
        while line.count < 4096 {
            let now = monotonicNanoseconds()
            guard now < deadline else { return nil }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, Int32(clamping: (deadline - now) / 1_000_000 + 1)) > 0 else { continue }
            var byte: UInt8 = 0
            let count = read(descriptor, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        return nil
    }

    private static func spawn(_ program: String, _ arguments: [String], input: Int32, output: Int32) -> pid_t {
        var argv: [UnsafeMutablePointer<CChar>?] = (["kvm-clone-agent"] + arguments).map { strdup($0) } + [nil]
        let variables = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]
        var environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        defer { for pointer in argv + environment { free(pointer) } }
        return kc_spawn_guard(program, &argv, &environment, input, output)
    }

    private static func failure(_ cause: Int32) -> KVMCloneError {
        KVMCloneError(.general, "no guard for the backup", cause: String(cString: strerror(cause)))
    }
}
