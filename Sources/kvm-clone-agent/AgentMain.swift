import Agent
import Glibc

/// The agent's ways to run: `serve`, a control channel on standard input and output; `pipe`, a UNIX socket on them;
/// `guard`, which an agent starts for a backup.
@main
struct AgentMain {
    static func main() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGHUP, SIG_IGN)
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "serve" where arguments.count == 1:
            AgentServer(input: 0, output: 1).run()
        case "serve" where arguments.count == 3 && arguments[1] == "--state":
            AgentServer(input: 0, output: 1, stateFolder: arguments[2]).run()
        case "pipe" where arguments.count == 2:
            do {
                try Pipe.run(to: arguments[1])
            } catch {
                fail("\(error)", 1)
            }
        case "guard" where arguments.count >= 3:
            exit(BackupGuard.run(Array(arguments.dropFirst())))
        default:
            fail("usage: kvm-clone-agent serve [--state FOLDER] | pipe SOCKET", 64)
        }
    }

    private static func fail(_ text: String, _ code: Int32) {
        let line = Array("kvm-clone-agent: \(text)\n".utf8)
        _ = write(2, line, line.count)
        exit(code)
    }
}
