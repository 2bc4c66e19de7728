import ArgumentParser
import Interface
import KVMClone
import Model

struct OpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "op", abstract: "Look after operations, whichever process runs them.",
        discussion: "An operation's id may be shortened to its first characters, as long as no other begins so.",
        subcommands: [List.self, Show.self, Logs.self, Wait.self, Cancel.self, Resume.self, CleanUp.self])

    @OptionGroup(title: "Global options") var global: GlobalOptions
}

extension OpCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List operations that have not ended.",
            discussion: "An interrupted one is among them: nobody works on it; go on with it, or undo what it left.")

        @Flag(name: .shortAndLong, help: "List those that have ended as well.")
        var all = false

        @OptionGroup var table: TableOptions
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run() async throws {
            let context = try CommandContext(global)
            let statuses = try await context.registry().operations(includingEnded: all)
            try StandardOutput.write(StatusText.list(statuses, as: context.output, table))
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show all that is known of an operation.")

        @Argument(help: .init("An operation's id.", valueName: "operation"))
        var operation: String

        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run() async throws {
            let context = try CommandContext(global)
            let registry = try context.registry()
            let details = try await registry.details(registry.id(startingWith: operation))
            switch context.output {
            case .json, .yaml:
                try StandardOutput.write(DocumentText.render(DetailsDocument(details), as: context.output))
            case .name: try StandardOutput.write("\(details.status.id)\n")
            case .text, .wide: try StandardOutput.write(DetailsText.render(details))
            }
        }
    }

    struct Logs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the log of an operation.",
            discussion: """
                With -v, details as well; with -o json, one object a line. The newest 5,000 entries are kept, at most 4 MiB.
                """)

        @Argument(help: .init("An operation's id.", valueName: "operation"))
        var operation: String

        @Flag(name: .shortAndLong, help: "Go on until the operation has ended.")
        var follow = false

        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run() async throws {
            let context = try CommandContext(global)
            let registry = try context.registry()
            let id = try await registry.id(startingWith: operation)
            var text = OperationLogText(format: context.output, level: global.verbose ? .debug : .info)
            try await CommandContext.watching([id]) {
                try await registry.followLog(of: id, untilEnd: follow) { entries in
                    // Nobody reads on.
                    guard try StandardOutput.write(text.render(entries)) else { throw Finish(code: .ok) }
                }
            }
        }
    }
}

extension CommandContext {
    /// The operations of this user.
    func registry() throws(KVMCloneError) -> OperationRegistry {
        try OperationRegistry(stateFolder: configuration.paths.stateFolder)
    }

    /// Looks on at operations with `body`; stopped, says that they go on.
    static func watching<Result>(_ ids: [OperationID], _ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch  where Task.isCancelled && (error is CancellationError || (error as? KVMCloneError)?.code == .cancelled)
        {
            let names = ids.map(\.description).joined(separator: ", ")
            throw KVMCloneError(
                .cancelled, "no longer watched: \(names)",
                whatToDo: "what runs goes on; stop it with kvm-clone op cancel ID")
        }
    }
}

extension OperationRegistry {
    /// The ids that words stand for, each once.
    func ids(_ words: [String]) async throws(KVMCloneError) -> [OperationID] {
        var ids: [OperationID] = []
        for word in words {
            let id = try await id(startingWith: word)
            if !ids.contains(id) { ids.append(id) }
        }
        return ids
    }
}
