import Interface
import Model

/// What must be known of the arguments besides their parsing.
enum Arguments {
    /// Global options with a value. Only these can stand before the command.
    private static let withValue = [
        "-c", "--config", "-t", "--topology", "-o", "--output", "--color", "--progress", "--events-file",
        "--log-level", "--log-format",
    ]

    /// The arguments with the older form `--src A --dst B VM` turned into `clone A B VM`.
    static func current(for arguments: [String]) -> [String] {
        guard
            commandIndex(arguments, skipping: withValue + ["--src", "--dst"]).map({ !isCommand(arguments[$0]) }) ?? true
        else { return arguments }
        var rest = arguments
        guard let source = remove("--src", from: &rest), let target = remove("--dst", from: &rest) else {
            return arguments
        }
        return ["clone", source, target] + rest
    }

    /// Throws with a suggestion when the word in the command's place isn't one.
    static func checkCommand(_ arguments: [String]) throws(KVMCloneError) {
        guard let index = commandIndex(arguments, skipping: withValue) else { return }
        let word = arguments[index]
        // An option with its value may come before, which the parser must judge.
        let isKnown = isCommand(word) || word == "help" || arguments[..<index].contains { !isGlobal($0) }
        guard !isKnown else { return }
        throw KVMCloneError(
            .validation, "there is no command '\(Validation.printable(word))'",
            whatToDo: Advice.forWord(word, among: commandNames), field: "command")
    }

    static var commandNames: [String] {
        RootCommand.configuration.subcommands.compactMap { $0.configuration.commandName }
    }

    /// The format that errors have, as far as arguments tell that may not even be parsable.
    static func outputFormat(_ arguments: [String], _ environment: [String: String]) -> OutputFormat {
        let text = value(of: ["-o", "--output"], in: arguments) ?? environment["KVM_CLONE_OUTPUT"] ?? ""
        return OutputFormat(rawValue: text.lowercased()) ?? .text
    }

    /// The last value of an option.
    static func value(of names: [String], in arguments: [String]) -> String? {
        var found: String?
        for (index, argument) in arguments.enumerated() {
            if argument == "--" { break }
            if names.contains(argument), index + 1 < arguments.count { found = arguments[index + 1] }
            for name in names where argument.hasPrefix(name + "=") {
                found = String(argument.dropFirst(name.count + 1))
            }
        }
        return found
    }

    private static func isCommand(_ word: String) -> Bool { commandNames.contains(word) }

    private static func isGlobal(_ argument: String) -> Bool {
        !argument.hasPrefix("-") || withValue.contains { argument == $0 || argument.hasPrefix($0 + "=") }
            || ["-q", "--quiet", "-v", "--verbose", "--yes", "--no-input"].contains(argument)
    }

    private static func commandIndex(_ arguments: [String], skipping: [String]) -> Int? {
        var index = 0
        while index < arguments.count {
            let argument = arguments[index]
            if argument == "--" || !argument.hasPrefix("-") { return argument == "--" ? nil : index }
            index += skipping.contains(argument) ? 2 : 1
        }
        return nil
    }

    private static func remove(_ name: String, from arguments: inout [String]) -> String? {
        if let index = arguments.firstIndex(where: { $0.hasPrefix(name + "=") }) {
            return String(arguments.remove(at: index).dropFirst(name.count + 1))
        }
        guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
        let value = arguments[index + 1]
        arguments.removeSubrange(index...(index + 1))
        return value
    }
}
