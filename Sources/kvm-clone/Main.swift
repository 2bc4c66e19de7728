import Glibc

@main
enum Main {
    static func main() async {
        // A handler, not SIG_IGN: child processes must not inherit it.
        signal(SIGPIPE, discard)
        exit(await CommandRunner.run(Array(CommandLine.arguments.dropFirst())))
    }
}

/// Outside of `Main`, whose isolation a closure would inherit: the signal comes on any thread.
private func discard(_ signal: Int32) {}
