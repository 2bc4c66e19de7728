import Dispatch
import Glibc
import Interface
import Model

/// Questions on the terminal.
enum Prompt {
    /// Whether somebody is there to answer, and may be asked.
    static func canAsk(_ global: GlobalOptions) -> Bool {
        !global.noInput && !global.quiet && isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1
    }

    /// Asks for the name of the VM that is to be replaced; throws unless it is typed.
    static func confirmReplacement(of name: String) async throws {
        Console.standard.print("Type the VM's name to replace it: ")
        let answer = try await line()
        guard answer == name else {
            throw KVMCloneError(
                .vmExists, "VM '\(name)' was not replaced", whatToDo: "choose another name with --new-name")
        }
    }

    /// Asks for a secret, which isn't shown. Blocks; call it on a thread of your own.
    static func secret(_ question: String) throws -> String {
        guard let typed = getpass(question) else {
            throw KVMCloneError(.configuration, "no terminal to ask on", whatToDo: "set ssh.passphrase_file")
        }
        let text = String(cString: typed)
        memset(typed, 0, strlen(typed))
        return text
    }

    /// A line of standard input, read on a thread of its own. A cancelled task doesn't wait for it.
    private static func line() async throws -> String? {
        let lines = AsyncStream<String?> { continuation in
            DispatchQueue(label: "prompt").async {
                continuation.yield(readLine())
                continuation.finish()
            }
        }
        var iterator = lines.makeAsyncIterator()
        let answer = await iterator.next() ?? nil
        try Task.checkCancellation()
        return answer
    }
}
