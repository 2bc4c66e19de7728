import Glibc

@main
enum Main {
    static func main() async {
        SignalWatch.ignoreClosedPipes()
        exit(await CommandRunner.run(Array(CommandLine.arguments.dropFirst())))
    }
}
