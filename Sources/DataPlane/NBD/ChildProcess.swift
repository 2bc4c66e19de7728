import CLinux
import Glibc
import Synchronization

/// A program that runs as a child, with an argument vector and no shell.
///
/// One thread of its own starts it, collects what it prints and waits for it. That matters: the kernel sends the
/// child its death signal when the *thread* that started it ends, and this one ends after the child, or with the
/// whole process. So a killed agent leaves no child, and a finished pool thread kills none.
final class ChildProcess: Sendable {
    private enum Phase {
        case starting
        case running(pid_t)
        case ended(status: Int32)
        case failed(reason: String)
    }
    private struct State {
        var phase = Phase.starting
        var output: [UInt8] = []
        var messages: [UInt8] = []
    }

    /// Name of the program, for messages.
    let tool: String
    private let state = Mutex(State())
    private let started = Latch()
    private let ended = Latch()

    /// What is kept of stdout and of stderr, in bytes; the rest is read and dropped.
    private static let outputLimit = 64 << 10

    /// Starts `tool` with arguments. `PATH` is fixed and messages are in English.
    init(_ tool: String, _ arguments: [String]) throws(ToolError) {
        self.tool = tool
        let program = try Self.find(tool)
        guard !arguments.contains(where: { $0.utf8.contains(0) }) else {
            throw .notStarted(tool: tool, reason: "an argument contains a NUL")
        }
        let failure = DetachedThread.start(name: tool) { [self] in supervise(program, [program] + arguments) }
        guard failure == 0 else { throw .notStarted(tool: tool, reason: systemMessage(failure)) }
        started.wait()
        if case .failed(let reason) = state.withLock({ $0.phase }) { throw .notStarted(tool: tool, reason: reason) }
    }

    /// Runs a tool to its end and returns what it printed; another exit status than 0 is an error.
    static func run(_ tool: String, _ arguments: [String]) throws(ToolError) -> String {
        let child = try ChildProcess(tool, arguments)
        child.ended.wait()
        let (output, status) = child.state.withLock { ($0.output, Self.status($0.phase)) }
        guard status == 0 else { throw .failed(tool: tool, status: status ?? -1, messages: child.messages) }
        return String(decoding: output, as: UTF8.self)
    }

    /// What it printed on stdout so far.
    var output: String { String(decoding: state.withLock { $0.output }, as: UTF8.self) }

    /// What it printed on stderr so far, on one line.
    var messages: String {
        let text = String(decoding: state.withLock { $0.messages }, as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline).map(String.init)
        return PathError.printable(lines.joined(separator: "; "))
    }

    /// Exit status, or 128 + signal; nil while it runs.
    var status: Int32? { state.withLock { Self.status($0.phase) } }

    /// Its id while it runs.
    var identifier: pid_t? {
        state.withLock { if case .running(let pid) = $0.phase { pid } else { nil } }
    }

    /// Waits at most so many milliseconds for its end; false when it still runs.
    func waitForEnd(milliseconds: Int) -> Bool { ended.wait(milliseconds: milliseconds) }

    /// Ends it: SIGTERM, and SIGKILL after five seconds. Returns when it is gone.
    func stop() {
        signal(SIGTERM)
        if ended.wait(milliseconds: 5000) { return }
        signal(SIGKILL)
        ended.wait()
    }

    /// A child is reaped under the same lock, so the id can't belong to another process.
    private func signal(_ number: Int32) {
        state.withLock { if case .running(let pid) = $0.phase { kill(pid, number) } }
    }

    private static func status(_ phase: Phase) -> Int32? {
        switch phase {
        case .ended(let status): status
        case .starting, .running, .failed: nil
        }
    }

    private static func find(_ tool: String) throws(ToolError) -> String {
        for folder in ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/bin", "/sbin"]
        where access("\(folder)/\(tool)", X_OK) == 0 {
            return "\(folder)/\(tool)"
        }
        throw .missing(tool: tool)
    }

    private func supervise(_ program: String, _ arguments: [String]) {
        defer { ended.open() }
        var out: [Int32] = [-1, -1]
        var err: [Int32] = [-1, -1]
        guard kc_pipe(&out) == 0 else { return fail(errno) }
        let output = OwnedDescriptor(owning: out[0])
        guard kc_pipe(&err) == 0 else {
            let cause = errno
            close(out[1])
            return fail(cause)
        }
        let messages = OwnedDescriptor(owning: err[0])
        let pid = Self.spawn(program, arguments, out: out[1], err: err[1])
        let cause = errno
        close(out[1])
        close(err[1])
        guard pid > 0 else { return fail(cause) }
        state.withLock { $0.phase = .running(pid) }
        started.open()
        collect(output.raw, messages.raw)
        kc_wait_without_reaping(pid)
        state.withLock { $0.phase = .ended(status: kc_reap(pid)) }
    }

    private func fail(_ cause: Int32) {
        state.withLock { $0.phase = .failed(reason: systemMessage(cause)) }
        started.open()
    }

    private static func spawn(_ program: String, _ arguments: [String], out: Int32, err: Int32) -> pid_t {
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        let variables = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]
        var environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        defer { for pointer in argv + environment { free(pointer) } }
        return kc_spawn_tool(program, &argv, &environment, out, err)
    }

    /// Reads both pipes until the child has closed them.
    private func collect(_ output: Int32, _ messages: Int32) {
        var polled = [
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: messages, events: Int16(POLLIN), revents: 0),
        ]
        var chunk = [UInt8](repeating: 0, count: 4096)
        while polled.contains(where: { $0.fd >= 0 }) {
            guard poll(&polled, nfds_t(polled.count), -1) >= 0 || errno == EINTR else { return }
            for index in polled.indices where polled[index].fd >= 0 && polled[index].revents != 0 {
                let count = read(polled[index].fd, &chunk, chunk.count)
                if count > 0 {
                    keep(chunk[..<count], isOutput: index == 0)
                } else if count == 0 || errno != EINTR {
                    polled[index].fd = -1
                }
            }
        }
    }

    private func keep(_ bytes: ArraySlice<UInt8>, isOutput: Bool) {
        state.withLock { state in
            if isOutput {
                state.output += bytes.prefix(Self.outputLimit - state.output.count)
            } else {
                state.messages += bytes.prefix(Self.outputLimit - state.messages.count)
            }
        }
    }
}
