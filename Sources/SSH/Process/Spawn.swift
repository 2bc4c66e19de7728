import CLinux
import Glibc

/// Starts a program; see `kc_spawn`. Blocks until it runs. `environment` replaces this process's own.
func spawn(
    _ arguments: [String], environment: [String: String], input: Int32, output: Int32, errors: Int32,
    endsWithThread: Bool = false
) throws(SSHError) -> pid_t {
    let strings = arguments + environment.map { "\($0.key)=\($0.value)" }
    guard strings.allSatisfy({ !$0.utf8.contains(0) }), let program = arguments.first else {
        throw .invalid("a program or its argument is empty or holds a NUL")
    }
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    var argv = Array(copies.prefix(arguments.count)) + [nil]
    var envp = Array(copies.dropFirst(arguments.count)) + [nil]
    var pid: pid_t = 0
    let code = kc_spawn(&pid, program, &argv, &envp, input, output, errors, endsWithThread ? SIGKILL : 0)
    guard code == 0 else { throw .process("\(program) can't be started: \(errnoText(code))") }
    return pid
}

/// The environment of this process.
func currentEnvironment() -> [String: String] {
    var result: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
        let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
        next += 1
    }
    return result
}

/// Two ends of a pipe, close-on-exec. The caller owns both.
func makePipe() throws(SSHError) -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    guard kc_pipe(&ends) == 0 else { throw .process("pipe: \(errnoText())") }
    return (ends[0], ends[1])
}

/// Opens /dev/null for both directions. The caller owns it.
func openNull() throws(SSHError) -> Int32 {
    let descriptor = open("/dev/null", O_RDWR | O_CLOEXEC)
    if descriptor < 0 { throw .process("/dev/null: \(errnoText())") }
    return descriptor
}
