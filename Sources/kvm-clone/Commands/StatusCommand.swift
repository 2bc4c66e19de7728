import ArgumentParser
import Interface
import KVMClone
import Model

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show operations, or one of them.",
        discussion: "Without an id: the operations that run; with --all, those that have ended as well.")

    @Argument(help: .init("An operation's id.", valueName: "operation"))
    var operation: String?

    @Flag(name: .shortAndLong, help: "Show operations that have ended as well.")
    var all = false

    @Flag(help: "Show only operations that run; the default.")
    var active = false

    @Flag(name: .shortAndLong, help: "Show the operation until it has ended.")
    var follow = false

    @OptionGroup var table: TableOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        guard !(all && active) else { throw ValidationError("--all and --active exclude each other.") }
        guard !follow || operation != nil else { throw ValidationError("--follow needs an operation's id.") }
        guard operation == nil || !(all || active) else {
            throw ValidationError("--all and --active don't go with an operation's id.")
        }
    }

    func run() async throws {
        let context = try CommandContext(global)
        guard let operation else {
            let statuses = try await context.withClient { [all] in try await $0.operations(includingEnded: all) }
            try show(statuses, context)
            return
        }
        guard let id = OperationID(operation) else {
            throw KVMCloneError(
                .validation, "'\(Validation.printable(operation))' is not an operation's id",
                whatToDo: "use one that `kvm-clone status --all` shows", field: "operation_id")
        }
        let follows = follow
        try await context.withClient { client in
            var status = try await client.operation(id)
            try showOne(status, context)
            while follows, !status.state.isFinal {
                try await Task.sleep(for: .seconds(1))
                let next = try await client.operation(id)
                if next != status { try showOne(next, context) }
                status = next
            }
        }
    }

    private func show(_ statuses: [OperationStatus], _ context: CommandContext) throws {
        switch context.output {
        case .json, .yaml:
            try StandardOutput.write(DocumentText.render(statuses.map(StatusDocument.init), as: context.output))
        case .name: try StandardOutput.write(statuses.map { "\($0.id)\n" }.joined())
        case .text, .wide:
            try StandardOutput.write(StatusText.table(statuses).render(table.table(for: context.output)))
        }
    }

    private func showOne(_ status: OperationStatus, _ context: CommandContext) throws {
        switch context.output {
        case .json, .yaml: try StandardOutput.write(DocumentText.render(StatusDocument(status), as: context.output))
        case .name: try StandardOutput.write("\(status.id)\n")
        case .text, .wide: try StandardOutput.write(StatusText.detail(status))
        }
    }
}
