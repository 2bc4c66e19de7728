import ArgumentParser
import Interface

struct CompletionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print a completion script for a shell.",
        discussion: """
            bash: source <(kvm-clone completion bash)
            zsh:  kvm-clone completion zsh > ~/.zsh/completion/_kvm-clone
            fish: kvm-clone completion fish > ~/.config/fish/completions/kvm-clone.fish
            """)

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish

        var kind: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    @Argument(help: "The shell.")
    var shell: Shell

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run() async throws {
        try StandardOutput.write(RootCommand.completionScript(for: shell.kind) + "\n")
    }
}

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    private struct Document: Encodable {
        var version = Version.current
    }

    func run() async throws {
        let context = try CommandContext(global)
        let text = "kvm-clone \(Version.current)\n"
        try StandardOutput.write(
            context.output.isDocument ? DocumentText.render(Document(), as: context.output) : text)
    }
}
