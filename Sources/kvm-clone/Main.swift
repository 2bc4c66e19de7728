import Glibc

@main
enum Main {
    static func main() async {
        // A handler, not SIG_IGN: child processes must not inherit it.
        signal(SIGPIPE) { _ in }
        exit(await CommandRunner.run(Array(CommandLine.arguments.dropFirst())))
    }
}
