import ArgumentParser
import Interface
import Model

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show and change the configuration.",
        subcommands: [Show.self, Set.self, Unset.self, Init.self])

    @OptionGroup(title: "Global options") var global: GlobalOptions

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the settings in force.")

        @Argument(help: .init("Keys to show; none: all.", valueName: "key"))
        var keys: [String] = []

        @Flag(help: "Show where each setting comes from.")
        var origin = false

        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run() async throws {
            let context = try CommandContext(global)
            let chosen = try keys.isEmpty ? ConfigKey.allCases : keys.map { try ConfigStore.key($0) }
            let settings = chosen.map { ($0, context.configuration[$0]) }
            try StandardOutput.write(ConfigText.render(settings, as: context.output, withOrigin: origin))
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Set a key in the user's file.")

        @Argument(help: "The key, such as ssh.port.")
        var key: String

        @Argument(help: "Its value.")
        var value: String

        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run() async throws { try ConfigCommand.store(global).set(key, to: value) }
    }

    struct Unset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a key out of the user's file.")

        @Argument(help: "The key, such as ssh.port.")
        var key: String

        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run() async throws {
            let store = ConfigCommand.store(global)
            guard try store.unset(key) else {
                throw KVMCloneError(
                    .configuration, "\(store.path) doesn't set \(key)",
                    whatToDo: "`kvm-clone config show --origin` says where it is set", field: key, exitCode: .notFound)
            }
        }
    }

    struct Init: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Write a file with all keys as comments.")

        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run() async throws {
            let store = ConfigCommand.store(global)
            try store.initialize()
            try StandardOutput.write("\(store.path)\n")
        }
    }

    private static func store(_ global: GlobalOptions) -> ConfigStore {
        ConfigStore(path: CommandContext.writableFile(global))
    }
}
