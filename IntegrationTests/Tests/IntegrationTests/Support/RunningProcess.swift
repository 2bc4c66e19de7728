import Foundation
import Glibc
import Synchronization

/// A child process whose output goes to files. Its id stays reserved until `end` has collected it, so that a signal
/// can't reach another process.
final class RunningProcess: Sendable {
    let id: pid_t
    let description: String
    private let files: Scratch
    private let status = Mutex<Int32?>(nil)

    init(_ arguments: [String], environment: [String: String], output: String? = nil) throws {
        files = try Scratch()
        description = arguments.joined(separator: " ")
        id = try Launch(
            arguments: arguments, environment: environment,
            standardOutput: output ?? files.path("stdout"), standardError: files.path("stderr")
        ).start()
    }

    deinit {
        // A test that failed midway leaves its process to this.
        if collect() == nil {
            kill(id, SIGKILL)
            var ignored: Int32 = 0
            waitpid(id, &ignored, 0)
        }
    }

    var standardOutput: String { files.text("stdout") }
    var standardError: String { files.text("stderr") }
    var hasEnded: Bool { collect() != nil }

    func signal(_ number: Int32) {
        if collect() == nil { kill(id, number) }
    }

    /// Waits for the end; after `timeout` seconds the process is killed and an error thrown.
    func end(within timeout: Double = 120) async throws -> Outcome {
        let deadline = ContinuousClock.now + .seconds(timeout)
        while collect() == nil {
            guard ContinuousClock.now < deadline else {
                signal(SIGKILL)
                throw Failure(
                    "no end within \(timeout) s: \(description)\n\(standardOutput.suffix(2000))\n"
                        + "\(standardError.suffix(4000))")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        let status = collect() ?? 0
        let signal = status & 0x7f
        return Outcome(
            command: description, code: signal == 0 ? (status >> 8) & 0xff : 128 + signal, wasKilled: signal != 0,
            output: standardOutput, error: standardError)
    }

    /// The wait status, once the process has ended.
    private func collect() -> Int32? {
        status.withLock { status in
            if status == nil {
                var found: Int32 = 0
                if waitpid(id, &found, WNOHANG) == id { status = found }
            }
            return status
        }
    }
}

/// How a process ended and what it printed.
struct Outcome: Sendable, CustomStringConvertible {
    var command: String
    /// The exit code, or 128 and the signal.
    var code: Int32
    var wasKilled: Bool
    var output: String
    var error: String

    var description: String { "exit \(code) of \(command)\n\(output)\(error)" }

    /// Throws unless the process has ended with 0; for what a test only prepares.
    @discardableResult
    func succeeded() throws -> Outcome {
        guard code == 0 else { throw Failure(description) }
        return self
    }

    var trimmed: String { output.trimmingCharacters(in: .whitespacesAndNewlines) }
    var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// Runs a program to its end.
func run(
    _ arguments: [String], environment: [String: String]? = nil, timeout: Double = 120
) async throws -> Outcome {
    try await RunningProcess(arguments, environment: environment ?? Setting.systemEnvironment).end(within: timeout)
}

/// Polls until `condition` holds, or fails after `seconds` with what was waited for.
func waitUntil(
    _ what: String, within seconds: Double = 30, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw Failure("not within \(seconds) s: \(what)") }
        try await Task.sleep(for: .milliseconds(50))
    }
}
