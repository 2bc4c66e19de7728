import ArgumentParser
import Glibc
import Interface
import KVMClone
import Model

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show operations, or one of them.",
        discussion: """
            Without an id: the operations that have not ended, interrupted ones among them. An id may be shortened to its \
            first characters. --follow takes the one that runs when no id is given; its exit code is that of `op wait`.
            """)

    @Argument(help: .init("An operation's id.", valueName: "operation"))
    var operation: String?

    @Flag(name: .shortAndLong, help: "Show operations that have ended as well.")
    var all = false

    @Flag(help: "Show only operations that a process works on.")
    var active = false

    @Flag(name: .shortAndLong, help: "Show the operation's progress until it has ended.")
    var follow = false

    @OptionGroup var table: TableOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        guard !(all && active) else { throw ValidationError("--all and --active exclude each other.") }
        guard !follow || !(all || active) else { throw ValidationError("--follow shows one operation only.") }
        guard operation == nil || !(all || active) else {
            throw ValidationError("--all and --active don't go with an operation's id.")
        }
    }

    func run() async throws {
        let context = try CommandContext(global)
        let registry = try context.registry()
        guard follow || operation != nil else {
            let statuses = try await registry.operations(includingEnded: all)
                .filter { !active || $0.state.isActive }
            try StandardOutput.write(StatusText.list(statuses, as: context.output, table))
            return
        }
        let id: OperationID
        if let operation {
            id = try await registry.id(startingWith: operation)
        } else {
            id = try await Self.onlyOne(registry)
        }
        guard follow else {
            try showOne(try await registry.operation(id), context)
            return
        }
        let status = try await followed(id, registry, context)
        // On a terminal the view's last lines come before the result.
        await context.console.flushed()
        try showOne(status, context)
        context.tellEnd(of: status)
        if let code = status.exitCode, code != .ok { throw Finish(code: code) }
    }

    /// The operation that runs, if it is the only one.
    private static func onlyOne(_ registry: OperationRegistry) async throws(KVMCloneError) -> OperationID {
        let running = try await registry.operations(includingEnded: false).filter(\.state.isActive)
        guard let first = running.first else {
            throw KVMCloneError(
                .operationNotFound, "no operation runs", whatToDo: "see those that have ended: kvm-clone status --all",
                field: "operation_id")
        }
        guard running.count == 1 else {
            throw KVMCloneError(
                .validation, "\(running.count) operations run",
                whatToDo: "name one of \(running.map(\.id.description).joined(separator: ", "))",
                field: "operation_id")
        }
        return first.id
    }

    private func followed(
        _ id: OperationID, _ registry: OperationRegistry, _ context: CommandContext
    ) async throws -> OperationStatus {
        let environment = context.environment
        let reporter = ProgressReporter(
            id: id, mode: context.progressMode, console: context.console, eventsFile: try context.eventsFile(),
            isUnderWay: true,
            terminal: { Terminal(descriptor: STDERR_FILENO, environment: environment) })
        defer { reporter.finish() }
        return try await CommandContext.watching([id]) { try await registry.follow(id) { reporter.receive($0) } }
    }

    private func showOne(_ status: OperationStatus, _ context: CommandContext) throws {
        switch context.output {
        case .json, .yaml: try StandardOutput.write(DocumentText.render(StatusDocument(status), as: context.output))
        case .name: try StandardOutput.write("\(status.id)\n")
        case .text, .wide: try StandardOutput.write(StatusText.detail(status))
        }
    }
}
