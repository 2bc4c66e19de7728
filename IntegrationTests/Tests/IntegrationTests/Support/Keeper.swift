import Foundation

/// Runs a command when this process ends, however it ends: a shell reads a FIFO that this process holds open.
final class Keeper {
    private let process: RunningProcess
    private let writer: FileHandle
    private let files: Scratch

    init(_ script: String, _ arguments: [String], environment: [String: String]) throws {
        files = try Scratch()
        let fifo = files.path("alive")
        guard mkfifo(fifo, 0o600) == 0 else { throw Failure("can't make \(fifo)") }
        // Both ends are opened at once here, so that neither waits for the other.
        let descriptor = open(fifo, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure("can't open \(fifo)") }
        writer = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        process = try RunningProcess(
            ["bash", "-c", "exec 5<\"$0\"; echo ready; read -r _ <&5; exec 5<&-; \(script)", fifo] + arguments,
            environment: environment)
        let deadline = Date(timeIntervalSinceNow: 20)
        while process.standardOutput.isEmpty {
            guard Date() < deadline else { throw Failure("the keeper doesn't start: \(process.standardError)") }
            usleep(5000)
        }
    }

    /// Runs the command now and waits for its end.
    func finish() async throws {
        try writer.close()
        try await process.end(within: 120).succeeded()
    }
}
