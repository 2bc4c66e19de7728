import CLinux
import Glibc

/// What a short-lived helper program left.
struct ToolOutput {
    let status: RemoteExit
    let output: String
    let errors: String
}

/// Runs a helper program to its end and keeps at most 1 MiB of each stream. Blocks: for threads.
func runTool(
    _ arguments: [String], deadline: ContinuousClock.Instant, cancelled: WakeEvent
) throws(SSHError) -> ToolOutput {
    let name = arguments.first ?? ""
    let null = try openNull()
    defer { close(null) }
    let output = try makePipe()
    defer { close(output.read) }
    let errors: (read: Int32, write: Int32)
    do { errors = try makePipe() } catch {
        close(output.write)
        throw error
    }
    defer { close(errors.read) }
    let pid: pid_t
    do {
        defer {
            close(output.write)
            close(errors.write)
        }
        pid = try spawn(
            arguments, environment: currentEnvironment(), input: null, output: output.write, errors: errors.write,
            endsWithThread: true)
    }

    var streams = [output.read: [UInt8](), errors.read: [UInt8]()]
    var open = Set(streams.keys)
    var failure: SSHError?
    while !open.isEmpty, failure == nil {
        var descriptors = [pollfd(fd: cancelled.descriptor, events: Int16(POLLIN), revents: 0)]
        descriptors += open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        if pollDescriptors(&descriptors, until: deadline) == 0 {
            failure = .process("\(name) didn't end in time")
        } else if descriptors[0].revents != 0 {
            failure = .cancelled
        }
        for ready in descriptors.dropFirst() where ready.revents != 0 {
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count = read(ready.fd, &chunk, chunk.count)
            if count > 0 {
                streams[ready.fd]?.append(contentsOf: chunk.prefix(count))
                if (streams[ready.fd]?.count ?? 0) > 1 << 20 { failure = .process("\(name) printed over 1 MiB") }
            } else if count == 0 || errno != EINTR {
                open.remove(ready.fd)
            }
        }
    }
    if failure != nil { kill(pid, SIGKILL) }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    if let failure { throw failure }
    return ToolOutput(
        status: .fromWaitStatus(status), output: String(decoding: streams[output.read] ?? [], as: UTF8.self),
        errors: String(decoding: streams[errors.read] ?? [], as: UTF8.self))
}
