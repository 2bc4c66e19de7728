import ArgumentParser
import Foundation
import Interface
import Model

/// Ends a command with a code after it has said everything itself.
struct Finish: Error {
    var code: Model.ExitCode
}

/// An error that belongs to an operation.
struct OperationError: Error {
    var error: KVMCloneError
    var operation: OperationID
}

enum CommandRunner {
    /// Parses and runs, tells errors, and returns the process's exit code.
    static func run(_ arguments: [String]) async -> Int32 {
        let console = Console.standard
        let signals = SignalWatch(console: console)
        let task = Task {
            try await SignalWatch.$current.withValue(signals) {
                try await perform(Arguments.current(for: arguments))
            }
        }
        signals.start { task.cancel() }
        var code: Int32 = 0
        do {
            try await task.value
        } catch {
            code = tell(error, arguments: arguments, wasStopped: signals.received != nil)
            // What was stopped so that it can be gone on with says that.
            if let signal = signals.received, code != Model.ExitCode.tryAgain.rawValue { code = 128 + signal }
        }
        await console.flushed()
        return code
    }

    private static func perform(_ arguments: [String]) async throws {
        var command = try await parse(arguments)
        if var asynchronous = command as? any AsyncParsableCommand {
            try await asynchronous.run()
        } else {
            try command.run()
        }
    }

    static func parse(_ arguments: [String]) async throws -> any ParsableCommand {
        try Arguments.checkCommand(arguments)
        do {
            return try await RootCommand.asyncParseAsRoot(arguments)
        } catch {
            throw UnparsedCommand(error: error)
        }
    }

    /// Tells an error on its stream and returns its exit code.
    private static func tell(_ error: any Error, arguments: [String], wasStopped: Bool) -> Int32 {
        switch error {
        case let finish as Finish: return finish.code.rawValue
        case let unparsed as UnparsedCommand:
            // Help, a version and completion scripts come as errors from the parser as well.
            guard RootCommand.exitCode(for: unparsed.error) != .success else {
                return write(RootCommand.fullMessage(for: unparsed.error))
            }
            return show(unparsed.described, arguments)
        case let operation as OperationError: return show(operation.error, arguments, operation.operation)
        case let error as KVMCloneError: return show(error, arguments)
        case is CancellationError:
            return show(KVMCloneError(.cancelled, wasStopped ? "stopped by a signal" : "cancelled"), arguments)
        default:
            // The help command throws its text.
            guard RootCommand.exitCode(for: error) != .success else {
                return write(RootCommand.fullMessage(for: error))
            }
            return show(KVMCloneError(.general, "\(error)"), arguments)
        }
    }

    private static func write(_ text: String) -> Int32 {
        do {
            try StandardOutput.write(text.hasSuffix("\n") ? text : text + "\n")
            return 0
        } catch {
            return show(error, [])
        }
    }

    private static func show(_ error: KVMCloneError, _ arguments: [String], _ operation: OperationID? = nil) -> Int32 {
        let environment = ProcessInfo.processInfo.environment
        let terminal = Terminal(descriptor: STDERR_FILENO, environment: environment)
        let color = Arguments.value(of: ["--color"], in: arguments).flatMap(ColorChoice.init) ?? .auto
        let text = ErrorText(
            format: Arguments.outputFormat(arguments, environment),
            paint: Paint(isOn: color.isOn(isTerminal: terminal.isTerminal, environment: environment)))
        Console.standard.print(text.render(error, timestamp: Timestamp.utc(), operation: operation))
        return error.exitCode.rawValue
    }
}

/// What the parser of arguments didn't take, or answered itself.
struct UnparsedCommand: Error {
    var error: any Error

    /// The same as one of our errors.
    var described: KVMCloneError {
        if let own = error as? KVMCloneError { return own }
        let message = RootCommand.message(for: error)
        let help = RootCommand.fullMessage(for: error).split(separator: "\n")
            .first { $0.contains("--help") }.map { $0.trimmingCharacters(in: .whitespaces) }
        return KVMCloneError(
            .validation, message.hasSuffix(".") ? String(message.dropLast()) : message,
            whatToDo: help ?? "see 'kvm-clone --help'", field: Self.field(in: message))
    }

    /// The option that the message is about, as `ssh_port`.
    private static func field(in message: String) -> String? {
        let words = message.split { !($0.isASCII && ($0.isLetter || $0 == "-")) }
        return words.first { $0.hasPrefix("--") && $0.count > 2 }.map {
            String($0.dropFirst(2).map { $0 == "-" ? "_" : $0 })
        }
    }
}
