import ArgumentParser
import Interface
import KVMClone
import Model

extension OpCommand {
    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Go on with an interrupted operation where it stood.",
            discussion: """
                Targets that have their copy are left alone. On the others what was copied is used again, unless the source \
                has changed since; what can't be used is copied anew, and why is said. The same command typed again does \
                the same.
                """)

        @Argument(help: .init("An operation's id.", valueName: "operation"))
        var operation: String

        @OptionGroup var ssh: SSHOptions
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run() async throws {
            let context = try CommandContext(global, flags: ssh.flags)
            let registry = try context.registry()
            let id = try await registry.id(startingWith: operation)
            let kind = try await registry.operation(id).kind
            let presentation = CopyPresentation(kind: kind, id: id, context: context)
            let result = try await context.withClient { client in
                try await presentation.follow(client) { try await client.resume(id, onEvent: $0) }
            }
            try await presentation.show(result)
        }
    }
}
