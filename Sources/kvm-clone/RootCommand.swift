import ArgumentParser

struct RootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kvm-clone",
        abstract: "Copies virtual machines between libvirt/KVM hosts over SSH.",
        discussion: """
            A host is a name of the topology file, a name of the SSH configuration, or a libvirt URI.

              kvm-clone clone kvm1 kvm2 web01 --new-name web01-test
              kvm-clone replicate kvm1 kvm2,kvm3,kvm4 web01
              kvm-clone sync kvm1 kvm2 web01
              kvm-clone migrate kvm1 kvm2 web01
            """,
        version: Version.current,
        subcommands: [
            CloneCommand.self, ReplicateCommand.self, SyncCommand.self, MigrateCommand.self, PromoteCommand.self,
            DiffCommand.self,
            VerifyCommand.self,
            ListCommand.self, StatusCommand.self, OpCommand.self,
            DoctorCommand.self, TopologyCommand.self, ConfigCommand.self, CompletionCommand.self, VersionCommand.self,
        ])

    @OptionGroup(title: "Global options")
    var global: GlobalOptions

    func run() async throws { throw CleanExit.helpRequest(self) }
}

enum Version {
    static let current = "0.1.0"
}
